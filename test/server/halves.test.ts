/** No half of a character gets into the file, where jq and Python would stop at it. */
import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { requireTools } from '../support/tools.ts';
import { until } from '../support/until.ts';
import { begin, get, world } from '../support/world.ts';

const run = promisify(execFile);
const HALF = 'a\ud800';

/** What other programs make of the file; throws where they cannot read it. */
async function readByOthers(file: string): Promise<unknown> {
  const { stdout } = await run('jq', ['-c', '.', file]);
  // As text that is passed on: Python itself only stops when half of a character is written or sent.
  const python =
    'import json, sys; print(json.dumps(json.load(open(sys.argv[1])), ensure_ascii=False).encode("utf-8") != b"")';
  expect((await run('python3', ['-c', python, file])).stdout).toBe('True\n');
  return JSON.parse(stdout);
}

describe('half of a character is refused with the path of its field', () => {
  test.for<[method: string, params: Record<string, unknown>, path: string]>([
    ['projects.register', { name: 'b', tags: ['x', HALF] }, 'tags.1'],
    ['projects.register', { name: 'b', language: HALF }, 'language'],
    ['projects.register', { name: 'b', source_path: `/${HALF}` }, 'source_path'],
    ['projects.register', { name: 'b', metadata: { deep: [{ x: HALF }] } }, 'metadata.deep.0.x'],
    ['projects.update', { project: 'a', metadata: { [HALF]: 1 } }, `metadata.${HALF}`],
    ['projects.update', { project: 'a', vector_store_path: `/${HALF}` }, 'vector_store_path'],
    ['projects.set_status', { project: 'a', status: 'failed', error: HALF }, 'error'],
    ['projects.retrain', { project: 'a', reason: HALF }, 'reason'],
    ['training.begin', { project: 'a', holder: { name: HALF } }, 'holder.name'],
    ['training.cancel', { project: 'a', reason: HALF }, 'reason'],
    ['training.progress', { project: 'a', token: 1, phase: HALF }, 'phase'],
    ['training.progress', { project: 'a', token: 1, message: HALF }, 'message'],
    ['training.progress', { project: 'a', token: 1, details: { loss: HALF } }, 'details.loss'],
    ['training.fail', { project: 'a', token: 1, error: HALF }, 'error'],
    ['training.complete', { project: 'a', token: 1, metadata: { x: HALF } }, 'metadata.x'],
    ['training.complete', { project: 'a', token: 1, lora_adapter_path: `/${HALF}` }, 'lora_adapter_path'],
    ['daemon.hello', { client: { name: HALF }, protocol: { min: 1, max: 1 } }, 'client.name'],
  ])('%s %j', async ([method, params, path]) => {
    const { writer, codebase } = await world(['a']);
    const given = method === 'projects.register' ? { source_path: await codebase('b'), ...params } : params;
    expect(await writer.refusal(method, given)).toMatchObject({
      code: -32602,
      data: { issues: [{ path: path.toWellFormed(), message: 'contains half a surrogate pair' }] },
    });
  });
});

test('of a name, it is a fault of the name', async () => {
  const { writer, codebase } = await world();
  const source_path = await codebase('b');
  expect(await writer.refusal('projects.register', { name: HALF, source_path })).toMatchObject({
    code: 1003,
  });
});

test('a question may hold any, as Python has it for a path that is no UTF-8', async () => {
  const { writer } = await world(['a']);
  expect(await writer.call('projects.resolve', { cwd: `/${HALF}` })).toMatchObject({ resolved_by: 'active' });
  expect(await writer.refusal('projects.get', { project: `${'x'.repeat(78)}🌱🌱` })).toMatchObject({
    code: 1001,
    message: expect.stringContaining(`"${'x'.repeat(78)}…"`) as string,
  });
});

describe('an answer that quotes what was asked has none', () => {
  test.for<[method: string, params: Record<string, unknown>]>([
    [`x${HALF}`, {}],
    ['projects.get', { project: HALF }],
    ['projects.list', { [HALF]: 1 }],
    ['projects.activate', { project: `/${HALF}` }],
    ['registry.restore', { name: HALF }],
    ['registry.unwatch', { subscription: HALF }],
    ['projects.set_status', { project: HALF, status: 'failed' }],
  ])('%j %j', async ([method, params]) => {
    const { writer } = await world(['a']);
    const refusal = JSON.stringify(await writer.refusal(method, params));
    // A backslash that is itself meant stands for none.
    expect(refusal).not.toMatch(/(?<!\\)\\ud[89a-f]/i);
  });

  test('but for an id, which is as it was sent', async () => {
    const { writer } = await world();
    writer.send({ jsonrpc: '2.0', id: HALF, method: 'daemon.ping' });
    expect(await writer.next()).toEqual({ jsonrpc: '2.0', id: HALF, result: 'pong' });
  });
});

test('whole characters go through, and the file is everybody’s', async (context) => {
  requireTools(context, ['jq', 'python3']);
  const { writer, paths } = await world(['a']);
  await writer.call('projects.update', { project: 'a', tags: ['🌱'], metadata: { '🌱': '👩‍👩‍👧' } });
  const token = await begin(writer, 'a', { holder: { name: '🌱' } });
  await writer.call('training.progress', { project: 'a', token, phase: '🌱'.repeat(50) });
  expect(JSON.stringify(await readByOthers(paths.registryFile))).toContain('🌱'.repeat(50));
});

test('what an edit of the file brings in is replaced, and gone with the next write', async (context) => {
  requireTools(context, ['jq', 'python3']);
  const { writer, paths } = await world(['a']);
  const text = await readFile(paths.registryFile, 'utf8');
  await writeFile(
    paths.registryFile,
    text.replace('"metadata": {}', String.raw`"metadata": {"\udc00": "x\ud800"}`),
  );
  await until(async () => {
    return JSON.stringify((await get(writer, 'a'))['metadata']) === '{"\ufffd":"x\ufffd"}';
  }, 'the edit is taken');
  await writer.call('projects.touch', { project: 'a' });
  expect(await readByOthers(paths.registryFile)).toMatchObject({
    projects: { [String((await get(writer, 'a'))['project_id'])]: { metadata: { '\ufffd': 'x\ufffd' } } },
  });
});
