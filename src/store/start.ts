/** Starting with a file that cannot be used: the newest good backup takes its place, and nothing is thrown away. */
import { setTimeout as delay } from 'node:timers/promises';
import { Registry } from '../domain/registry.ts';
import type { Backups } from './backups/backups.ts';
import { type Decoded, decodeRegistry } from './format/decode.ts';
import type { TrackedFile } from './file/tracked-file.ts';

/** A file that does not parse is read once more after this time: somebody may be saving it. Milliseconds. */
const REREAD_DELAY_MS = 100;

export type Loaded =
  /** There was no file and there is no backup. */
  | { readonly kind: 'new'; readonly registry: Registry }
  /** The file is a link that leads nowhere; what stands in `registry` is served, and nothing written. */
  | { readonly kind: 'dangling'; readonly registry: Registry; readonly target: string }
  | {
      readonly kind: 'good';
      readonly bytes: Buffer;
      readonly decoded: Extract<Decoded, { ok: true }>;
      /** The time that stands wherever the file says none; ISO 8601. */
      readonly readAt: string;
    }
  /** The file was bad or gone; what stands in `registry` is to be written back when it came from a backup. */
  | {
      readonly kind: 'recovered';
      readonly registry: Registry;
      readonly message: string;
      readonly writeBack: boolean;
    };

/** Loads the registry at start. A bad file is kept in the backups before anything takes its place. */
export async function load(file: TrackedFile, backups: Backups, now: () => string): Promise<Loaded> {
  let look = await file.look();
  let readAt = now();
  let decoded = look.kind === 'changed' ? decodeRegistry(look.bytes, readAt, { mend: true }) : null;
  if (decoded?.ok === false) {
    await delay(REREAD_DELAY_MS);
    const again = await file.look();
    if (again.kind !== 'same') look = again;
    readAt = now();
    if (again.kind === 'changed') decoded = decodeRegistry(again.bytes, readAt, { mend: true });
  }
  if (look.kind === 'dangling') {
    const copy = await backups.newestGood(now());
    return { kind: 'dangling', registry: copy?.registry ?? new Registry(), target: look.target };
  }
  if (look.kind !== 'changed' || decoded === null) {
    const backup = await backups.newestGood(now());
    if (backup === null || backup.registry.size === 0) return { kind: 'new', registry: new Registry() };
    return recovered('the registry file was gone', backup, true);
  }
  if (decoded.ok) return { kind: 'good', bytes: look.bytes, decoded, readAt };
  // The file stays where it is when this fails: a start that refuses has changed nothing.
  const backup = await backups.newestGood(now());
  const kept = await setAside(file, look.bytes, backups, now());
  const { message, line, column } = decoded.fault;
  const where = line === undefined ? '' : ` (line ${line}, column ${column})`;
  const fault = `the registry file could not be read: ${message}${where}; it is kept as backups/${kept}`;
  // Behind a link something has to be: a link that leads nowhere is never written over.
  return recovered(fault, backup, file.linked);
}

/** @param always whether also an empty registry is to be written */
function recovered(
  fault: string,
  backup: { readonly name: string; readonly registry: Registry } | null,
  always: boolean,
): Loaded {
  const kind = 'recovered';
  if (backup === null) {
    const message = `${fault}; no backup was found, so the registry is empty`;
    return { kind, registry: new Registry(), message, writeBack: always };
  }
  const { size } = backup.registry;
  const message = `${fault}; restored ${size} project${size === 1 ? '' : 's'} from backups/${backup.name}`;
  return { kind, registry: backup.registry, message, writeBack: true };
}

/** Keeps a file that cannot be read; returns the backup's name. */
async function setAside(file: TrackedFile, bytes: Buffer, backups: Backups, now: string): Promise<string> {
  if (file.linked) return await backups.keep(bytes, 'corrupt', now);
  const kept = await backups.setAside(file.target, now);
  await file.look();
  return kept;
}
