/** The tables of `docs/contract.md` against the code that they describe. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import type { z } from 'zod';
import { EXIT } from '../../client/cli/errors.ts';
import { ERROR_KINDS, ERRORS } from '../../src/domain/errors.ts';
import { MAX_DETAILS_BYTES, MAX_METADATA_BYTES, MAX_PATH_BYTES } from '../../src/domain/limits.ts';
import { MAX_TAGS } from '../../src/domain/project.ts';
import { REGISTRY_VERSION } from '../../src/domain/registry.ts';
import { projectSchema } from '../../src/domain/schema.ts';
import { MAX_NAME_LENGTH } from '../../src/domain/values/names.ts';
import { MAX_SOCKET_PATH_BYTES, resolvePaths } from '../../src/paths.ts';
import { errorData } from '../../src/protocol/error-data.ts';
import { events } from '../../src/protocol/events.ts';
import * as limits from '../../src/protocol/limits.ts';

const CONTRACT = readFileSync(fileURLToPath(new URL('../../docs/contract.md', import.meta.url)), 'utf8');

/** The rows of the table whose first column has this title, as cells without their backticks. */
function table(title: string): string[][] {
  const lines = CONTRACT.split('\n');
  const head = lines.findIndex((line) => line.split('|')[1]?.trim() === title);
  if (head === -1) throw new Error(`docs/contract.md has no table whose first column is "${title}"`);
  const rows: string[][] = [];
  for (const line of lines.slice(head + 2)) {
    if (!line.startsWith('|')) break;
    // A bar within code is escaped.
    const cells = line.split(/(?<!\\)\|/).slice(1, -1);
    rows.push(cells.map((cell) => cell.trim().replaceAll('`', '')));
  }
  return rows;
}

test('limits', () => {
  const said = Object.fromEntries(table('limit').map(([what = '', value]) => [what, Number(value)]));
  expect(said).toEqual({
    'bytes of a line': limits.MAX_LINE_BYTES,
    'bytes of a file to import': limits.MAX_IMPORT_BYTES,
    'requests in a batch': limits.MAX_BATCH,
    'depth of nesting': limits.MAX_DEPTH,
    'items of a list that is given': limits.MAX_LIST,
    connections: limits.MAX_CONNECTIONS,
    'requests under way on a connection': limits.MAX_IN_FLIGHT,
    'subscriptions of a connection': limits.MAX_SUBSCRIPTIONS,
    'length of the answers of a batch': limits.MAX_BATCH_ANSWER_LENGTH,
    'committed changes kept for resuming a watch': limits.HISTORY_LENGTH,
    'bytes that wait for a subscriber that does not read': limits.MAX_WAITING_BYTES,
    'code points of a name': MAX_NAME_LENGTH,
    'tags of a project': MAX_TAGS,
    'bytes of metadata': MAX_METADATA_BYTES,
    'bytes of the details of a report': MAX_DETAILS_BYTES,
    'bytes of a path': MAX_PATH_BYTES,
    "bytes of a socket's path": MAX_SOCKET_PATH_BYTES,
  });
});

test('errors', () => {
  const rows = ERROR_KINDS.map((kind) => {
    const always = Object.entries<z.ZodType>(errorData[kind].shape).filter(
      ([, field]) => !field.safeParse(undefined).success,
    );
    return [String(ERRORS[kind].code), kind, always.map(([name]) => name).join(', ')];
  });
  expect(
    table('code'),
    'docs/contract.md has a row for each of ERRORS (src/domain/errors.ts), in their order, with what errorData always has',
  ).toEqual(rows);
});

test('events, in the words of their declarations', () => {
  const declared = events.map(({ type, summary }) => [type, summary]);
  expect(table('type'), 'docs/contract.md has a row for each event of src/protocol/events.ts').toEqual(
    declared,
  );
});

test('exit codes', () => {
  const exits = table('exit code').map(([code]) => Number(code));
  const { interrupted: _aSignal, ...own } = EXIT;
  expect(exits).toEqual(Object.values(own));
});

test('the fields of a project, in their order', () => {
  expect(table('field').map(([field]) => field)).toEqual(Object.keys(projectSchema.shape));
});

test('the version of the file', () => {
  expect(CONTRACT).toContain(`"version": "${REGISTRY_VERSION}"`);
});

test('where things are', () => {
  const paths = resolvePaths({ dataDir: '/data' }, {});
  const said = Object.fromEntries(table('what').map(([what, , place]) => [what, place]));
  const where = (what: string) => said[what]?.replace('<data>', '/data');
  expect(where('registry file')).toBe(paths.registryFile);
  expect(where("a project's own directory")).toBe(`${paths.projectsDir}/<project_id>/`);
  expect(where('socket')).toBe(paths.socket);
  expect(where('log of the daemon, with three old files')).toBe(paths.logFile);
  expect(where('earlier contents of the registry')).toBe(`${paths.backupsDir}/`);
  expect(where('what was done and can be taken back')).toBe(`${paths.undoDir}/`);
});
