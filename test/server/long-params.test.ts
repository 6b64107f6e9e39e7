/** What one caller gives must not cost all the others their time: texts and lists have limits, and each call is cheap. */
import { describe, expect, test } from 'vitest';
import { MAX_PATH_BYTES } from '../../src/domain/limits.ts';
import { MAX_LIST } from '../../src/protocol/limits.ts';
import { startDaemon } from '../support/daemon.ts';
import type { Answer } from '../support/lines.ts';
import { request, world } from '../support/world.ts';

const DEEP = '/a'.repeat(MAX_PATH_BYTES / 2);

describe(`a path or reference of more than ${MAX_PATH_BYTES} bytes`, () => {
  test.each([
    ['projects.get', { project: `${DEEP}a` }, 'project'],
    ['projects.get', { project: 'ä'.repeat(MAX_PATH_BYTES / 2 + 1) }, 'project'],
    ['projects.resolve', { cwd: `${DEEP}a` }, 'cwd'],
    ['projects.resolve', { env: `${DEEP}a` }, 'env'],
    ['projects.resolve', { project: `${DEEP}a` }, 'project'],
    ['projects.list', { source_path: `${DEEP}a` }, 'source_path'],
    ['projects.list', { query: `${DEEP}a` }, 'query'],
    ['projects.register', { name: 'b', source_path: `${DEEP}a` }, 'source_path'],
    ['projects.update', { project: 'a', source_path: `${DEEP}a` }, 'source_path'],
    ['projects.update', { project: 'a', lora_adapter_path: `${DEEP}a` }, 'lora_adapter_path'],
    ['projects.update', { project: 'a', vector_store_path: `${DEEP}a` }, 'vector_store_path'],
    ['projects.update', { project: 'a', context_path: `${DEEP}a` }, 'context_path'],
    ['training.complete', { project: 'a', token: 1, lora_adapter_path: `${DEEP}a` }, 'lora_adapter_path'],
    ['registry.restore', { name: 'b', projects: [`${DEEP}a`] }, 'projects.0'],
    ['registry.watch', { project: `${DEEP}a` }, 'project'],
  ])('%s refuses, by the name of the field', async (method, params, path) => {
    const { writer } = await world(['a']);
    const { code, message, data } = await writer.refusal(method, params);
    expect(code).toBe(-32602);
    expect(data).toMatchObject({ issues: [{ path }] });
    expect(message).toMatch(/is \d+ bytes long and 4096 are allowed/);
  });

  test('is too long by one: as long as that it is looked up', async () => {
    const { writer } = await world(['a']);
    expect((await writer.refusal('projects.get', { project: DEEP })).code).toBe(1001);
    expect((await writer.call('projects.resolve', { cwd: DEEP }))['resolved_by']).toBe('active');
  });
});

describe('what is long in another way', () => {
  test(`a list has at most ${MAX_LIST} items, and is refused as one`, async () => {
    const { writer } = await world(['a']);
    const tags = Array.from({ length: 500_000 }, () => 1);
    const { code, data } = await writer.refusal('projects.update', { project: 'a', tags });
    expect(code).toBe(-32602);
    expect(data?.['issues']).toEqual([
      { path: 'tags', message: `has 500000 items and ${MAX_LIST} are allowed` },
    ]);
  });

  test('of a thousand faults a few are told', async () => {
    const { writer } = await world(['a']);
    const unknown = Object.fromEntries(Array.from({ length: MAX_LIST - 1 }, (_, n) => [`k${n}`, 1]));
    const { code, data } = await writer.refusal('projects.get', { project: 'a', ...unknown });
    expect(code).toBe(-32602);
    const issues = data?.['issues'] as { path: string; message: string }[];
    expect(issues).toHaveLength(33);
    expect(issues[0]).toEqual({ path: 'k0', message: 'is not known' });
    expect(issues.at(-1)).toEqual({ path: '', message: 'and more' });
    const more = await writer.refusal('projects.get', { project: 'a', ...unknown, k: 1 });
    expect(more.data?.['issues']).toEqual([
      { path: '', message: `${MAX_LIST + 1} parameters were given and ${MAX_LIST} are allowed` },
    ]);
  });

  // Sorting so many accents by their classes, as composing does, would take minutes.
  test.each([
    ['projects.register', 'name', 1003],
    ['projects.list', 'query', -32602],
    ['projects.get', 'project', -32602],
  ])('%s does not compose a million accents', async (method, field, code) => {
    const { writer, codebase } = await world(['a']);
    const accents = '\u0301'.repeat(500_000) + '\u0323'.repeat(500_000);
    const others = method === 'projects.register' ? { source_path: await codebase('b') } : {};
    expect((await writer.refusal(method, { [field]: accents, ...others })).code).toBe(code);
  });
});

test('a thousand changes of what nobody has let others be answered in between', async () => {
  const { connect } = await startDaemon();
  const [curious, other] = [await connect(), await connect()];
  curious.send(Array.from({ length: 1_000 }, (_, id) => request(id, 'projects.touch', { project: DEEP })));
  let answered = 0;
  while (curious.waiting.length === 0) {
    await other.call('daemon.ping');
    answered += 1;
  }
  expect(await curious.next<Answer[]>()).toHaveLength(1_000);
  expect(answered).toBeGreaterThan(1);
});
