/** The settings of other programs as texts, of which one entry is ours and the rest is somebody else's, and stays. */

/** The name under which programs know our server. */
export const NAME = 'gardener';

/** What a program is to start; other keys of an entry are the person's. */
export interface Entry {
  readonly type?: 'stdio';
  readonly command: string;
  readonly args: readonly string[];
}

/** A way in which settings are written down. Texts are without a byte order mark. */
export interface Format {
  /** What the text says. @throws {UnfitSettings} also where the program itself could not read it */
  readonly read: (text: string) => Settings;
  /** The text with the keys of the entry in `<servers>.gardener`; a blank one becomes the least that says so. */
  readonly put: (text: string, servers: string, entry: Entry) => string;
  /** The text without `<servers>.gardener`, which is there. */
  readonly take: (text: string, servers: string) => string;
  /** The program cannot read a file that begins with a byte order mark. */
  readonly refusesMark?: true;
}

export type Settings = Readonly<Record<string, unknown>>;

/** What keeps settings from being changed: another server of our name, their shape, what is in the file, the file, or that it is not root's. */
export type Unfitness = 'another' | 'shape' | 'text' | 'file' | 'owner';

/** Settings that are left alone. The message says why, in words that follow a colon. */
export class UnfitSettings extends Error {
  override readonly name = 'UnfitSettings';
  readonly kind: Unfitness;

  constructor(kind: Unfitness, message: string, options?: ErrorOptions) {
    super(message, options);
    this.kind = kind;
  }
}

export function isObject(value: unknown): value is Settings {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
