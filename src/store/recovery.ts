/** Starting with a file that cannot be used: the newest good backup takes its place, and nothing is thrown away. */
import { setTimeout as delay } from 'node:timers/promises';
import { Registry } from '../domain/registry.ts';
import type { Backups } from './backups.ts';
import { type Decoded, decodeRegistry } from './codec.ts';
import type { TrackedFile } from './tracked-file.ts';

/** A file that does not parse is read once more after this time: somebody may be saving it. Milliseconds. */
const REREAD_DELAY_MS = 100;

export type Loaded =
  /** There was no file and there is no backup. */
  | { readonly kind: 'new'; readonly registry: Registry }
  | { readonly kind: 'good'; readonly bytes: Buffer; readonly decoded: Extract<Decoded, { ok: true }> }
  /** The file was bad or gone; what stands in `registry` is to be written back when it came from a backup. */
  | {
      readonly kind: 'recovered';
      readonly registry: Registry;
      readonly message: string;
      readonly writeBack: boolean;
    };

/** Loads the registry at start. A bad file is moved to the backups before anything takes its place. */
export async function load(file: TrackedFile, backups: Backups, now: () => string): Promise<Loaded> {
  let look = await file.look();
  let fault = 'the registry file was gone';
  if (look.kind === 'changed') {
    let decoded = decodeRegistry(look.bytes, now());
    if (!decoded.ok) {
      await delay(REREAD_DELAY_MS);
      const again = await file.look();
      if (again.kind !== 'same') look = again;
      if (again.kind === 'changed') decoded = decodeRegistry(again.bytes, now());
    }
    if (look.kind === 'changed') {
      if (decoded.ok) return { kind: 'good', bytes: look.bytes, decoded };
      const kept = await backups.setAside(file.path, now());
      const { message, line, column } = decoded.fault;
      const where = line === undefined ? '' : ` (line ${line}, column ${column})`;
      fault = `the registry file could not be read: ${message}${where}; it is kept as backups/${kept}`;
      await file.look();
    }
  }
  const backup = await backups.newestGood(now());
  const gone = look.kind !== 'changed';
  if (gone && (backup === null || backup.registry.size === 0))
    return { kind: 'new', registry: new Registry() };
  if (backup === null) {
    return {
      kind: 'recovered',
      registry: new Registry(),
      message: `${fault}; no backup was found, so the registry is empty`,
      writeBack: false,
    };
  }
  const message = `${fault}; restored ${backup.registry.size} projects from backups/${backup.name}`;
  return { kind: 'recovered', registry: backup.registry, message, writeBack: true };
}
