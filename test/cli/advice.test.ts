import { chmod } from 'node:fs/promises';
import { join } from 'node:path';
import { Command } from 'commander';
import { expect, test } from 'vitest';
import { adviser } from '../../client/cli/advice.ts';
import { commandLine } from '../support/cli.ts';

function advise(text: string, ...flags: readonly string[]): string {
  const program = new Command('gardener').option('--data-dir <path>').option('--socket <path>');
  for (const name of ['ls', 'daemon', 'edit']) program.command(name).action(() => undefined);
  program.parse([...flags, 'ls'], { from: 'user' });
  return adviser(program, '/home/ada')(text);
}

test.each([
  ['gardener ls', [], 'gardener ls'],
  ['gardener ls', ['--data-dir', '/x'], 'gardener --data-dir /x ls'],
  ['gardener ls', ['--data-dir=~/x'], 'gardener --data-dir /home/ada/x ls'],
  ['gardener ls', ['--data-dir', "/a b'c"], "gardener --data-dir '/a b'\\''c' ls"],
  [
    'see "gardener ls"',
    ['--socket', '/s', '--data-dir', '/x'],
    'see "gardener --data-dir /x --socket /s ls"',
  ],
  [
    'gardener ls, then: VISUAL=nano gardener edit',
    ['--data-dir', '/x'],
    'gardener --data-dir /x ls, then: VISUAL=nano gardener --data-dir /x edit',
  ],
  // A project may be called so, and a program.
  ["gardener edit 'the gardener ls'", ['--data-dir', '/x'], "gardener --data-dir /x edit 'the gardener ls'"],
  ['ended with gardener is all right', ['--data-dir', '/x'], 'ended with gardener is all right'],
  ['ls ~/old-gardener ls', ['--data-dir', '/x'], 'ls ~/old-gardener ls'],
  // What the advice is about.
  [
    'gardener daemon start --data-dir <path>',
    ['--data-dir', '/x'],
    'gardener daemon start --data-dir <path>',
  ],
])('%s after the flags %j is %s', (text, flags, expected) => {
  expect(advise(text, ...flags)).toBe(expected);
});

test('advice of every kind works when it is copied', async () => {
  const cli = await commandLine();
  const place = ['--data-dir', `${cli.home}/other data`];
  const copied = `gardener --data-dir '${cli.home}/other data'`;
  const { stderr: error } = await cli.run([...place, 'show', 'nosuch']);
  expect(error).toContain(
    `try: ${copied} ls, then name a project or make one active: ${copied} use <project>\n`,
  );
  const { stderr: note } = await cli.run([...place, 'ls']);
  expect(note).toBe(`no projects yet; to add one: ${copied} add <path>\n`);
  await cli.codebase('src/web', {});
  await cli.json([...place, 'add', 'src/web']);
  const { stderr: usage } = await cli.run([...place, 'rm', 'web']);
  expect(usage).toContain(`try: ${copied} rm --yes web\n`);
  expect((await cli.run([...place, 'daemon', 'stop'])).code).toBe(0);
  const { stderr: missing } = await cli.run([...place, '--no-start', 'ls']);
  expect(missing).toContain(`try: ${copied} daemon start\n`);
  await chmod(join(cli.home, 'other data', 'registry.json'), 0o644);
  const { stdout: doctor } = await cli.run([...place, '--no-start', 'doctor']);
  expect(doctor).toContain(copied);
  expect(doctor).not.toMatch(/gardener (?!--data-dir)[a-z]/);
});
