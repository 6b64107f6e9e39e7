/** Whatever a program is given as JSON, it can read: no half of a character is in it, which jq and Python stop at. */
import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { shownJson, shownJsonLines } from '../../client/cli/terminal/gate.ts';
import { type CommandLine, commandLine } from '../support/cli.ts';
import { requireTools } from '../support/tools.ts';

const HALF = '\ud800';
/** As JSON has half of an emoji. */
const ESCAPED = String.raw`x\ud83d`;

/** What jq makes of a text; throws where it cannot read it. */
async function readByJq(text: string): Promise<unknown> {
  const running = promisify(execFile)('jq', ['-c', '.']);
  running.child.stdin?.end(text);
  return JSON.parse((await running).stdout);
}

test('a document and lines of JSON are mended as they are printed', () => {
  expect(JSON.parse(shownJson({ [HALF]: [`a${HALF}`, '🌱'] }))).toEqual({ '\ufffd': ['a\ufffd', '🌱'] });
  const lines = [JSON.stringify({ msg: HALF }), String.raw`{"msg": "\\ud800"}`];
  expect(shownJsonLines(lines)).toBe(`${String.raw`{"msg":"\ufffd"}`}\n${lines[1]}\n`);
});

test.for<[what: string, words: readonly string[], found: object]>([
  [
    'a project that nobody knows',
    ['call', 'projects.get', `{"project": "${ESCAPED}"}`],
    { error: { code: 1001, message: expect.stringContaining('"x\ufffd"') as string } },
  ],
  [
    'a field that is refused',
    ['call', 'projects.list', `{"${ESCAPED}": 1}`],
    { error: { code: -32602, data: { issues: [{ path: 'x\ufffd' }] } } },
  ],
  [
    'a value that JSON cannot carry',
    ['call', 'projects.update', `{"project": "x", "metadata": {"${ESCAPED}": 1e999}}`],
    { error: { code: -32602, data: { issues: [{ path: 'metadata.x\ufffd' }] } } },
  ],
])('jq reads what is said of %s', async ([, words, found], context) => {
  requireTools(context, ['jq']);
  const gardener = await commandLine();
  const { stdout } = await gardener.run([...words, '--json']);
  expect(await readByJq(stdout)).toMatchObject(found);
});

async function imported(gardener: CommandLine, file: string): Promise<unknown> {
  const { code, stdout, stderr } = await gardener.run(['import', file, '--json']);
  expect(code, stderr).toBe(0);
  return readByJq(stdout);
}

test('a file with halves is imported once, and is here with the same values then', async (context) => {
  requireTools(context, ['jq']);
  const gardener = await commandLine();
  const id = '0b7f6a52-6d4c-4f5e-9a6e-1c2d3e4f5a6b';
  const source = await gardener.codebase('api', {});
  const file = join(gardener.home, 'old.json');
  const fields = `"project_id": "${id}", "name": "a${ESCAPED}", "source_path": "${source}", "language": "${ESCAPED}", "file_count": 0`;
  const times = `"created_at": "2026-01-05T09:30:00.000Z", "last_updated": "2026-01-05T09:30:00.000Z"`;
  const more = `"training_status": "not_started", "metadata": {"${ESCAPED}": ["${ESCAPED}"]}`;
  await writeFile(file, `{"version": "1.1", "projects": {"${id}": {${fields}, ${times}, ${more}}}}`);
  expect(await imported(gardener, file)).toMatchObject({ new: [{ name: 'ax\ufffd' }], imported: 1 });
  expect(await imported(gardener, file)).toMatchObject({ new: [], different: [], same: 1 });
});

test('jq reads the lines of a log that has some', async (context) => {
  requireTools(context, ['jq']);
  const gardener = await commandLine();
  const log = join(gardener.dataDir, 'logs', 'registry.log');
  await mkdir(dirname(log), { recursive: true });
  await writeFile(log, `{"level":30,"msg":"${ESCAPED}"}\n`);
  const { stdout } = await gardener.run(['daemon', 'logs', '--json']);
  expect(await readByJq(stdout)).toEqual({ level: 30, msg: 'x\ufffd' });
});
