/** What a daemon that started now would make of what is on the disk, as `gardenerd --check` says it. */

export interface Forecast {
  /**
   * `good` and `newer_version`: the file is served. `mended`: it is, without what cannot be used in it. `new`: there was
   * nothing. `invalid_file`: it is set aside, and `gone`: it is missing; a backup takes its place. `dangling_link`: a
   * backup is served, read-only. `refused`: no daemon starts.
   */
  readonly kind:
    'good' | 'mended' | 'new' | 'newer_version' | 'invalid_file' | 'gone' | 'dangling_link' | 'refused';
  /** The file, behind any links. */
  readonly file: string;
  /** What is wrong, where something is. */
  readonly fault?: { readonly message: string; readonly line?: number; readonly column?: number };
  readonly remedy?: string;
  /** How many projects are served. */
  readonly projects: number;
  /** The backup that takes the file's place. */
  readonly backup: string | null;
}
