/** Who gets colours: whoever looks and wants them, and a pipe whose reader asked for them. */
import { expect, test } from 'vitest';
import { painter } from '../../../client/cli/terminal/colour.ts';
import { terminal } from '../../support/terminal.ts';
import { world } from '../../support/world.ts';

test.for<[isTTY: boolean, env: NodeJS.ProcessEnv, isPainted: boolean]>([
  [true, {}, true],
  [false, {}, false],
  [true, { TERM: 'dumb' }, false],
  [true, { NO_COLOR: '1' }, false],
  [true, { NO_COLOR: '' }, true],
  ...['1', '2', '3', 'true', 'always'].map((forced): [boolean, NodeJS.ProcessEnv, boolean] => [
    false,
    { FORCE_COLOR: forced },
    true,
  ]),
  [false, { FORCE_COLOR: '' }, false],
  [true, { FORCE_COLOR: '' }, true],
  [true, { FORCE_COLOR: '0' }, false],
  [true, { FORCE_COLOR: 'false' }, false],
  [false, { FORCE_COLOR: '1', TERM: 'dumb' }, true],
  [true, { FORCE_COLOR: '1', NO_COLOR: '1' }, false],
])('a stream whose being a terminal is %o takes with %o colours: %o', ([isTTY, env, isPainted]) => {
  expect(painter({ isTTY }, env)('red', 'x') !== 'x').toBe(isPainted);
});

test('colours that are forced into a pipe turn nothing else on, and none go into a document', async () => {
  const { paths } = await world(['api', 'website']);
  const home = paths.dataDir;
  const piped = terminal({ home, isTTY: false });
  const words = [['ls'], ['which', 'api'], ['use', 'api'], ['show', 'api'], ['rm', 'api'], ['nope']];
  await piped.run(['use', 'api']);
  let painted = 0;
  for (const typed of words) {
    const plain = await piped.run(typed);
    piped.env['FORCE_COLOR'] = '1';
    const { code, stdout, stderr } = await piped.run(typed);
    // oxlint-disable-next-line no-control-regex -- they are what this is about
    const bare = (text: string): string => text.replaceAll(/\x1b\[\d+m/g, '');
    expect({ code, stdout: bare(stdout), stderr: bare(stderr) }, typed.join(' ')).toEqual(plain);
    if (bare(stdout) !== stdout || bare(stderr) !== stderr) painted += 1;
    const document = await piped.run([...typed, '--json']);
    expect(document.stdout + document.stderr, typed.join(' ')).not.toContain('\x1b');
    delete piped.env['FORCE_COLOR'];
  }
  expect(painted).toBeGreaterThan(3);
});
