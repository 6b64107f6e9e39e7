/** The version of this package; of its manifest, the bundler puts nothing else into the programs. */
import manifest from '../package.json' with { type: 'json' };

export const VERSION: string = manifest.version;

/** What tells the builds of a version apart. */
export interface Build {
  /** Of what it is built: the same sources make the same id. */
  readonly id: string;
  /** When. Of two builds of a version the later one replaces the other; a time, in which order ISO 8601 has. */
  readonly built_at: string;
}

declare const BUNDLED_BUILD: Build | undefined;
/** Undefined for what runs from source. */
export const BUILD = typeof BUNDLED_BUILD === 'undefined' ? undefined : BUNDLED_BUILD;
