/** Starting: cleaning up after an earlier daemon, and serving what there is. Nothing that cannot be used is thrown away. */
import { basename, dirname } from 'node:path';
import { Registry, REGISTRY_VERSION } from '../domain/registry.ts';
import { takeSharedSlots } from '../domain/training/slots.ts';
import type { Logger } from '../log.ts';
import { SCHEMA_FILE } from '../paths.ts';
import { removeStaged } from '../system/staged.ts';
import type { GoodBackup } from './backups/backups.ts';
import { withInheritedLeases } from './backups/inherited.ts';
import { takeUp } from './backups/rescue.ts';
import { locate } from './file/place.ts';
import { find, type Found } from './find.ts';
import type { Parts } from './parts.ts';
import { mendedFile } from './problem.ts';
import { SCHEMA } from './schema-file.ts';

/** @throws when the file or its backups cannot be read for another reason than their content */
export async function start(parts: Parts): Promise<void> {
  await cleanUp(parts);
  const found = await find(parts.file, () => parts.backups.newestGood(parts.now()), parts.now);
  if (found.kind === 'good') await serve(parts, found);
  else await serveBackup(parts, found);
}

async function cleanUp({ paths, file, backups, journal, log, now }: Parts): Promise<void> {
  // What is staged has a name of its own: whatever cannot be removed is in nobody's way.
  const inTheWay = (error: unknown): void =>
    log.warn({ err: error }, 'cannot remove what seems to be left of an interrupted write');
  await backups
    .prepare(inTheWay)
    .catch((error: unknown) => log.warn({ err: error }, 'cannot make the backups ready for use'));
  await journal
    .prepare(inTheWay)
    .catch((error: unknown) => log.warn({ err: error }, 'cannot read what can be taken back'));
  await takeUp(paths.dataDir, backups, now()).then(
    (tookUp) => tookUp && log.warn('took up the content that the last daemon could not keep'),
    (error: unknown) =>
      log.error({ err: error }, 'cannot take up what an earlier daemon left beside the file'),
  );
  // A registry that is kept elsewhere through a link is staged there.
  const { place } = await locate(file.path);
  const stale = await removeStaged(paths.dataDir, (name) => name === SCHEMA_FILE, inTheWay);
  if (place.dangling === null) {
    const isTarget = (name: string): boolean => name === basename(place.file);
    stale.push(...(await removeStaged(dirname(place.file), isTarget, inTheWay)));
  }
  if (stale.length > 0) log.info({ files: stale }, 'removed what an interrupted write left behind');
}

async function serve(parts: Parts, found: Extract<Found, { kind: 'good' }>): Promise<void> {
  const { state, copy, writer, log } = parts;
  const { bytes, readAt } = found;
  const { registry, older, newer, mended } = found.content;
  const now = parts.now();
  // Whoever wrote it while no daemon ran need not have synced it. The next change tries again.
  await writer.trySync();
  const taken = newer ? null : await withInheritedLeases(parts, bytes, registry, now);
  const served = taken?.registry ?? registry;
  if (takeSlots(served, log)) writer.owesWrite = !newer;
  state.adopt(served, {
    origin: 'file',
    at: now,
    newer,
    original: older || mended.length > 0 ? { bytes } : null,
  });
  if (!newer && mended.length > 0) {
    const problem = mendedFile(mended, now);
    log.warn({ mended }, problem.message);
    state.setProblem(problem, false);
    state.original = { bytes, kept: (name) => state.reword(problem, mendedFile(mended, now, name)) };
  }
  if (taken?.leasesDiffer) {
    // It is added at the next look.
    writer.owesWrite = true;
    log.warn('the registry file lacks what the copy of it knew of a training: the copy counts there');
  }
  copy.replaceInherited(readAt);
}

/** Returns whether the file said of several leases that they have one slot. */
function takeSlots(registry: Registry, log: Logger): boolean {
  const steps = takeSharedSlots(registry.projects());
  for (const { after } of steps)
    log.warn(
      { project: after.project_id },
      'the registry file gives the slot of an earlier training to another one, which goes on without',
    );
  registry.apply(steps);
  return steps.length > 0;
}

/** The file is bad or gone. */
async function serveBackup(parts: Parts, found: Exclude<Found, { kind: 'good' }>): Promise<void> {
  const { file, state, writer, unusable, log } = parts;
  const { backup } = found;
  // The file stays where it is when this fails: a start that refuses has changed nothing.
  const kept = found.kind === 'invalid' ? await setAside(parts, found.bytes) : '';
  const now = parts.now();
  // A new file says where an editor finds what it should hold.
  const served = backup?.registry ?? new Registry([], null, REGISTRY_VERSION, { $schema: SCHEMA });
  takeSlots(served, log);
  state.adopt(served, { origin: 'file', at: now });
  if (found.kind === 'gone' && backup === null) return;
  if (found.kind === 'dangling') {
    log.warn({ target: found.target }, 'the registry file is a link that leads nowhere');
    unusable.serveCopy(found.target, now);
    return;
  }
  let fault = 'the registry file was gone';
  if (found.kind === 'invalid') {
    const { message, line, column } = found.fault;
    const where = line === undefined ? '' : ` (line ${line}, column ${column})`;
    fault = `the registry file could not be read: ${message}${where}; it is kept as backups/${kept}`;
  }
  const message = `${fault}; ${inItsPlace(backup)}`;
  log.warn(message);
  state.setProblem({ kind: 'recovered', message, since: now }, false);
  // Behind a link something has to be: a link that leads nowhere is never written over.
  if (backup === null && !file.linked) return;
  try {
    await writer.write();
  } catch (error) {
    // What there is can be served; the next change writes it, and until then it stays in its backup.
    log.error({ err: error }, 'cannot write back what was restored from a backup');
  }
}

function inItsPlace(backup: GoodBackup | null): string {
  if (backup === null) return 'no backup was found, so the registry is empty';
  const { size } = backup.registry;
  return `restored ${size} project${size === 1 ? '' : 's'} from backups/${backup.name}`;
}

/** Keeps a file that cannot be read; returns the backup's name. */
async function setAside({ file, backups, now }: Parts, bytes: Buffer): Promise<string> {
  if (file.linked) return await backups.keep(bytes, 'corrupt', now());
  const kept = await backups.setAside(file.target, now());
  await file.look();
  return kept;
}
