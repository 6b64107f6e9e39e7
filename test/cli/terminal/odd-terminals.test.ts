/** Terminals of no size, of hardly any, and dumb ones: each command answers on them, and leaves them as they are. */
import { expect, test } from 'vitest';
import { ANSWERED, splitWords } from '../../support/every-command.ts';
import { terminal } from '../../support/terminal.ts';
import { world } from '../../support/world.ts';

/** Needs a process of its own, or what such a one has left. */
const NOT_HERE = /^(daemon (start|stop|restart)|train|logs|foreach)$/;

test.for<[what: string, columns: number, env: NodeJS.ProcessEnv]>([
  ['of no size', 0, {}],
  ['of 20 columns', 20, {}],
  ['that is dumb', 80, { TERM: 'dumb' }],
])('every command answers on a terminal %s', async ([, columns, env]) => {
  const { paths, codebase, add } = await world();
  const home = paths.dataDir;
  for (const name of ['api', 'web']) await codebase(name);
  await add('a-name-that-is-longer-than-such-a-screen-is-wide 世界');
  const odd = terminal({ home, columns });
  Object.assign(odd.env, env);
  for (const [path, more] of Object.entries(ANSWERED)) {
    if (NOT_HERE.test(path)) continue;
    const { code, stdout, stderr } = await odd.run([...splitWords(path), ...splitWords(more)]);
    expect(code, `${path}: ${stderr}`).toBe(0);
    if (env['TERM'] === 'dumb') expect(stdout + stderr, path).not.toContain('\x1b');
  }
});
