/** The script that CI runs with a real launchd, which this machine may not have: with the stand-in, so that it is tried. */
import { fileURLToPath } from 'node:url';
import { expect, test, vi } from 'vitest';
import { execute, standInLaunchd } from '../client/service/launchd/stand-in.ts';
import { environment, temporaryDirectory } from '../support/home.ts';
import { requireTools } from '../support/tools.ts';

// Dozens of processes, one after another, on a machine that may have other things to do. Milliseconds.
vi.setConfig({ testTimeout: 180_000 });

const SCRIPT = fileURLToPath(new URL('real.sh', import.meta.url));

test('installs, starts with the first call, comes back after kill -9, and uninstalls', async (context) => {
  requireTools(context, ['bash', 'python3']);
  const { home, env } = await standInLaunchd({ scale: 0.05 });
  const { code, stdout, stderr } = await execute('bash', [SCRIPT], { ...environment(home), ...env });
  expect(stderr).toBe('note: launchd starts it again when somebody needs it\n');
  expect(stdout).toMatch(/launchd: fine in \d+ s, with /);
  expect(code).toBe(0);
});

test('tells what launchd has not done', async (context) => {
  requireTools(context, ['bash', 'python3']);
  const { home, env } = await standInLaunchd({
    fail: [
      ['bootstrap', 125],
      ['bootstrap', 125],
    ],
  });
  const { code, stderr } = await execute('bash', [SCRIPT], { ...environment(home), ...env });
  expect(stderr).toContain('launchd: stopped at "install on demand"');
  expect(code).toBe(1);
});

test('touches nothing where somebody works', async (context) => {
  requireTools(context, 'bash');
  const home = await temporaryDirectory();
  const { code, stderr } = await execute('bash', [SCRIPT], environment(home));
  expect([code, stderr]).toEqual([1, expect.stringMatching(/^launchd: cannot be tried here: .*\n$/)]);
});
