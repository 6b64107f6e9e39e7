/**
 * What is beside the registry file: what a daemon that ended left there, as it could be written nowhere else, and
 * something else in the place of the schema.
 */
import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import { LAST_GOOD } from '../../../src/domain/backup-names.ts';
import { namesSchema, type Paths, SCHEMA_FILE } from '../../../src/paths.ts';
import { systemReason } from '../../../src/system/errors.ts';
import { type Diagnosis, error, moveAside, remedyOf, warning } from './finding.ts';
import { JsonFault } from '../json.ts';
import { readStoredRegistry, TooLargeError } from './stored-registry.ts';
import { plural, printable } from '../terminal/text.ts';

const CHECK = 'file.beside';

/** @param running only a start takes it up */
export async function checkBeside(
  { dataDir }: Pick<Paths, 'dataDir'>,
  running: boolean,
  short: (path: string) => string,
): Promise<Diagnosis[]> {
  const path = join(dataDir, LAST_GOOD);
  const shown = printable(short(path));
  const status = await lstat(path).catch(() => undefined);
  if (!status) return [];
  const alone = (why: string): Diagnosis[] => [
    warning(
      CHECK,
      `${shown} has the name of what a daemon leaves that can write nowhere else, and ${why}: it is left alone`,
      `look at it, and ${moveAside(path)}`,
    ),
  ];
  // Reading a pipe would wait for a writer.
  if (!status.isFile()) return alone('is no regular file');
  try {
    const { size } = await readStoredRegistry(path);
    return [
      warning(
        CHECK,
        `${shown} holds ${plural(size, 'project')}: it was left there as neither the registry file nor backups/ could be written; a daemon that starts makes it the newest backup`,
        `gardener daemon ${running ? 'restart' : 'start'}, then gardener backups`,
      ),
    ];
  } catch (cause) {
    if (cause instanceof JsonFault || cause instanceof TooLargeError)
      return alone(`cannot be read as a registry (${printable(cause.message)})`);
    if (!(cause instanceof Error && 'code' in cause)) throw cause;
    return [error(CHECK, `cannot read ${shown}: ${systemReason(cause)}`, remedyOf(cause, path))];
  }
}

/** A schema that is a file, and not as it should be, is mended by the next write. */
export async function checkSchema(
  { dataDir, registryFile }: Pick<Paths, 'dataDir' | 'registryFile'>,
  short: (path: string) => string,
): Promise<Diagnosis[]> {
  const path = join(dataDir, SCHEMA_FILE);
  const status = await lstat(path).catch(() => undefined);
  if (!status || status.isFile()) return [];
  // What is wrong with that is told where the registry file is looked at.
  const { schema } = await readStoredRegistry(registryFile).catch(() => ({ schema: undefined }));
  if (!namesSchema(schema, dataDir)) return [];
  return [
    warning(
      'file.schema',
      `${printable(short(path))} is no regular file: the daemon leaves it alone, and editors get no schema of the registry file`,
      moveAside(path),
    ),
  ];
}
