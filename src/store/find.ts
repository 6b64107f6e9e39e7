/** What a start finds: the file, or why the newest good backup has to take its place. Changes nothing. */
import { setTimeout as delay } from 'node:timers/promises';
import type { GoodBackup } from './backups/backups.ts';
import { type Content, decodeRegistry } from './format/decode.ts';
import type { FileFault } from './format/fault.ts';
import type { TrackedFile } from './file/tracked-file.ts';

/** A file that does not parse is read once more after this time: somebody may be saving it. Milliseconds. */
const REREAD_DELAY_MS = 100;

export type Found =
  | {
      readonly kind: 'good';
      readonly bytes: Buffer;
      readonly content: Content;
      /** The time that stands wherever the file says none; ISO 8601. */
      readonly readAt: string;
    }
  /** There is no file; also at the first start of all, when nothing is in a backup either. */
  | { readonly kind: 'gone'; readonly backup: GoodBackup | null }
  /** The file is a link that leads nowhere. */
  | { readonly kind: 'dangling'; readonly target: string; readonly backup: GoodBackup | null }
  | {
      readonly kind: 'invalid';
      readonly bytes: Buffer;
      readonly fault: FileFault;
      readonly backup: GoodBackup | null;
    };

/**
 * Looks at the file, and at the backups where it cannot be used.
 *
 * @param newest the newest good backup
 * @param now ISO 8601
 * @throws where the file or a backup cannot be read for another reason than its content
 */
export async function find(
  file: TrackedFile,
  newest: () => Promise<GoodBackup | null>,
  now: () => string,
): Promise<Found> {
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
  if (look.kind === 'changed' && decoded?.ok)
    return { kind: 'good', bytes: look.bytes, content: decoded, readAt };
  const backup = await newest();
  if (look.kind === 'dangling') return { kind: 'dangling', target: look.target, backup };
  if (look.kind === 'changed' && decoded?.ok === false)
    return { kind: 'invalid', bytes: look.bytes, fault: decoded.fault, backup };
  return { kind: 'gone', backup: backup?.registry.size === 0 ? null : backup };
}
