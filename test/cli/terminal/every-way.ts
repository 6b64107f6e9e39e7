/** Every command that only tells something, in a home of hostile files, and what a terminal would obey of what they say. */
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import { temporaryDirectory } from '../../support/home.ts';
import { HOSTILE, obeyed } from '../../support/hostile.ts';
import { terminal } from '../../support/terminal.ts';

/** For where a line break ends it. */
export const LINE = HOSTILE.replaceAll(/[\r\n]/g, '');

/** Whatever may be typed that only tells something, or ends by itself. */
const COMMANDS: readonly (readonly string[])[] = [
  [],
  ['ls'],
  ['ls', HOSTILE],
  ['show'],
  ['show', 'x'],
  ['which'],
  ['use', 'x'],
  ['use', '--none'],
  ['edit', 'x', '--name', 'y'],
  ['edit', 'x', '--rescan'],
  ['edit', 'x', '--meta', HOSTILE],
  ['edit', 'x', '--meta', `k=${HOSTILE}`],
  ['edit', 'x', '--path', HOSTILE],
  ['edit', 'x'],
  ['rm', 'x', '--yes'],
  ['rm', 'x'],
  ['retrain', 'x', '--reason', HOSTILE],
  ['status'],
  ['add', '.'],
  ['add', `code${HOSTILE}`],
  ['add', '.', '--name', HOSTILE],
  ['add', `no${HOSTILE}`],
  ['doctor'],
  ['doctor', '--fix'],
  ['backups'],
  ['restore', `registry-20260105T093000000Z-edit.json${HOSTILE}`, '--dry-run'],
  ['restore', HOSTILE, '--yes'],
  ['import', `stored${HOSTILE}`, '--dry-run'],
  ['import', `stored${HOSTILE}`],
  ['import', `broken${HOSTILE}`],
  ['import', `no${HOSTILE}`],
  ['export', `no${HOSTILE}/there`],
  ['export', '-'],
  ['daemon', 'status'],
  ['daemon', 'logs'],
  ['train', '--cancel', 'x', '--reason', HOSTILE],
  ['train', 'x', '--', `no${HOSTILE}`],
  ['train', 'x', '--', 'sh', '-c', `printf '%s\\n' "${HOSTILE}" >&"$GARDENER_PROGRESS_FD"`],
  ['train', 'x', '--', 'false'],
  ['call', 'projects.get', '{"project": "x"}'],
  ['call', HOSTILE],
  ['call', 'x', HOSTILE],
  ['call', '--help', HOSTILE],
  ['call', '--help', `projects.get${HOSTILE}`],
  ['docs'],
  ['completion', 'bash'],
  ['completion', HOSTILE],
  ['ls', '--status', HOSTILE],
  ['ls', `--${HOSTILE}`],
  [HOSTILE],
  ['daemon', HOSTILE],
  ['help', HOSTILE],
  ['show', 'a', HOSTILE],
  ['--socket', `/${HOSTILE.repeat(9)}`, 'ls'],
  ['--socket', `/no${HOSTILE}`, 'ls'],
  ['add', '--help'],
  ['--help'],
  ['--version'],
];

/** A home with hostile names, and hostile text in every file that is shown. */
export async function hostileHome(): Promise<string> {
  const home = await temporaryDirectory();
  const write = async (path: string, text: string): Promise<void> => {
    await mkdir(join(home, path, '..'), { recursive: true });
    await writeFile(join(home, path), text);
  };
  const projects = { [`id${HOSTILE}`]: { name: HOSTILE, source_path: HOSTILE }, other: { name: 'x' } };
  await write(`code${HOSTILE}/file${HOSTILE}.py`, '');
  await write(`stored${HOSTILE}`, JSON.stringify({ version: `1.0${HOSTILE}`, projects }));
  await write(`broken${HOSTILE}`, `{"version": ${HOSTILE}`);
  const entry = { level: 30, time: HOSTILE, msg: HOSTILE, [HOSTILE]: HOSTILE, err: { message: HOSTILE } };
  await write('logs/registry.log', `${JSON.stringify(entry)}\n${LINE}\n`);
  await write(`backups/registry-${LINE}.json`, '{}');
  // One that complains.
  await write('bin/git', `#!/bin/sh\nprintf '%s\\n' "fatal: ${HOSTILE}" >&2\nexit 128\n`);
  await chmod(join(home, 'bin/git'), 0o755);
  return home;
}

/** Runs every command, and says what a terminal would have obeyed. */
export async function gettingThrough(
  home: string,
  words: readonly string[],
  plain: boolean,
): Promise<unknown[]> {
  const { run, env } = terminal({ home });
  env['PATH'] = `${join(home, 'bin')}:${env['PATH']}`;
  env['EDITOR'] = `exit 3 #${LINE}`;
  if (plain) env['NO_COLOR'] = '1';
  const seen: unknown[] = [];
  for (const command of COMMANDS) {
    const all = [...words, ...command];
    const { stdout, stderr } = await run(all, ['n']);
    expect(stdout + stderr, `${JSON.stringify(all)} says something`).not.toBe('');
    for (const text of [stdout, stderr]) {
      const found = obeyed(text, { colours: !plain });
      if (found !== undefined) seen.push([all, found]);
    }
  }
  return seen;
}
