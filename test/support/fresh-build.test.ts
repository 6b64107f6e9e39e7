import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { buildIfStale as build } from '../../build/fresh.mjs';
import { isFresh, sourcesId } from '../../build/id.mjs';
import { temporaryDirectory } from './home.ts';

afterEach(() => void vi.unstubAllEnvs());

/** A work tree whose build notes that it was made, and says of which sources. */
async function workTree(): Promise<{ root: string; builds: () => Promise<number> }> {
  const root = await temporaryDirectory();
  for (const name of ['src', 'client', 'build', 'test']) await mkdir(join(root, name));
  await writeFile(join(root, 'src', 'main.ts'), 'export {};');
  const script = 'mkdir -p dist; cp next.json dist/build.json; echo built >> builds.txt';
  await writeFile(join(root, 'package.json'), JSON.stringify({ scripts: { build: script } }));
  await said(root);
  const builds = async (): Promise<number> =>
    (await readFile(join(root, 'builds.txt'), 'utf8').catch(() => '')).split('\n').length - 1;
  return { root, builds };
}

/** What the next build is to say of itself. */
async function said(root: string, more: object = {}): Promise<void> {
  await writeFile(join(root, 'next.json'), JSON.stringify({ id: sourcesId(root), ...more }));
}

test('what nobody has built is built, and not again as long as the sources stay as they are', async () => {
  const { root, builds } = await workTree();
  expect(isFresh(root)).toBe(false);
  await build(root);
  await writeFile(join(root, 'test', 'main.test.ts'), '// Is in no program.');
  await writeFile(join(root, 'README.md'), '# Nor is this');
  await build(root);
  expect(await builds()).toBe(1);
  for (const path of ['src/main.ts', 'client/index.ts', 'package.json', 'package-lock.json']) {
    const before = sourcesId(root);
    const text = await readFile(join(root, path), 'utf8').catch(() => '');
    await writeFile(join(root, path), `${text}\n`);
    expect(sourcesId(root), path).not.toBe(before);
  }
  await said(root);
  await build(root);
  expect(await builds()).toBe(2);
});

test('what is built is not fresh as of another time, when one is asked for', async () => {
  const { root } = await workTree();
  await said(root, { built_at: '2026-11-05T00:00:00.000Z' });
  await build(root);
  vi.stubEnv('SOURCE_DATE_EPOCH', String(Date.parse('2026-11-05') / 1_000));
  expect(isFresh(root)).toBe(true);
  vi.stubEnv('SOURCE_DATE_EPOCH', String(Date.parse('2026-11-06') / 1_000));
  expect(isFresh(root)).toBe(false);
  vi.stubEnv('SOURCE_DATE_EPOCH', '');
  expect(isFresh(root)).toBe(true);
  for (const wrong of ['abc', '-1', '1e3', '2026-11-05', '9'.repeat(20)]) {
    vi.stubEnv('SOURCE_DATE_EPOCH', wrong);
    expect(() => isFresh(root)).toThrow(`SOURCE_DATE_EPOCH is "${wrong}", which is no time; set it to `);
  }
});

test('of many who need it at once, one builds', async () => {
  const { root, builds } = await workTree();
  await Promise.all(Array.from({ length: 5 }, () => build(root)));
  expect(await builds()).toBe(1);
});

test('a build that fails is told with its reason, and tried again', async () => {
  const { root, builds } = await workTree();
  const manifest = await readFile(join(root, 'package.json'), 'utf8');
  const printed = '\n\u001B[31mno such name\u001B[0m in main.ts:1:2\n\n    at async main (cli.mjs:1196:3)\n';
  await writeFile(join(root, 'printed'), printed);
  const broken = JSON.stringify({ scripts: { build: 'cat printed >&2; exit 1' } });
  await writeFile(join(root, 'package.json'), broken);
  // Not where the bundler was when it saw that.
  await expect(build(root)).rejects.toThrow(/^npm run build fails\nno such name in main\.ts:1:2$/);
  await writeFile(join(root, 'package.json'), manifest);
  await build(root);
  expect(await builds()).toBe(1);
});
