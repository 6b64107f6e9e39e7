/** The version of this package; of its manifest, the bundler puts nothing else into the programs. */
import manifest from '../package.json' with { type: 'json' };

export const VERSION: string = manifest.version;
