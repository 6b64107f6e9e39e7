/** A value that JSON cannot carry, in a change that a person makes: refused with its field, and nothing is changed. */
import { expect, test } from 'vitest';
import type { Project } from '../../client/index.ts';
import { type CommandLine, commandLine } from '../support/cli.ts';

const WHY = 'is NaN or infinite, which JSON cannot carry';

async function withKey(): Promise<{ gardener: CommandLine; before: unknown }> {
  const gardener = await commandLine();
  await gardener.json(['add', await gardener.codebase('api', {})]);
  await gardener.json(['edit', 'api', '--meta', 'loss=0.5', '--meta', 'best={"loss":0.4}']);
  return { gardener, before: await gardener.json(['show', 'api']) };
}

test.for<[command: readonly string[], path: string]>([
  [['edit', 'api', '--meta', 'loss=1e999'], 'metadata.loss'],
  [['edit', 'api', '--tag', 'x', '--meta', 'best={"loss":[-1e999]}'], 'metadata.best.loss.0'],
  [['call', 'projects.update', '{"project":"api","metadata":{"loss":1e999}}'], 'metadata.loss'],
  [['call', 'projects.update', '{"project":"api","file_count":1e999}'], 'file_count'],
  [
    ['call', 'projects.register', '{"name":"b","source_path":"/","metadata":{"loss":-1e999}}'],
    'metadata.loss',
  ],
])('gardener %s', async ([command, path]) => {
  const { gardener, before } = await withKey();
  const { code, stdout, stderr } = await gardener.run([...command, '--json']);
  expect({ code, error: JSON.parse(stdout) as unknown }).toMatchObject({
    code: 1,
    error: { error: { code: -32602, data: { issues: [{ path, message: WHY }] } } },
  });
  expect(stderr).toContain(`gardener: cannot use what was given: ${path}: ${WHY}\n`);
  expect(await gardener.json(['show', 'api'])).toEqual(before);
  expect(await gardener.json(['call', 'projects.count'])).toBe(1);
});

test('one that a trainer sends with gardener call is left out and told, and the rest counts', async () => {
  const { gardener } = await withKey();
  const params = '{"project":"api","token":1,"file_count":1e999,"metadata":{"loss":1e999}}';
  const { stderr } = await gardener.run(['call', 'training.complete', params]);
  expect(stderr).toContain(`warning: training.complete: metadata.loss ${WHY}; it was left out\n`);
  expect(stderr).toContain('warning: training.complete: file_count is no whole number; it was left out\n');
  const { metadata } = (await gardener.json(['show', 'api'])) as Project;
  expect(metadata).toEqual({ loss: 0.5, best: { loss: 0.4 } });
});
