/** What a script has open when it starts a daemon by the way is not kept open by the daemon. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { builtProgram, commandLine } from '../../support/cli.ts';
import { environment } from '../../support/home.ts';
import { requireTools } from '../../support/tools.ts';

const run = promisify(execFile);

describe.runIf(process.platform === 'linux')('a daemon that a script starts by the way', () => {
  const script = (text: string): string => text.replaceAll('GARDENER', `'${process.execPath}' "$0"`);

  test('does not keep the lock of the script', async (context) => {
    requireTools(context, ['bash', 'flock']);
    const cli = await commandLine();
    const text = '( flock -n 200 && GARDENER daemon start ) 200>lock >/dev/null && flock -n lock echo free';
    const options = { env: environment(cli.home), cwd: cli.home };
    try {
      const { stdout } = await run('bash', ['-c', script(text), builtProgram('gardener.js')], options);
      expect(stdout).toBe('free\n');
    } finally {
      await cli.run(['daemon', 'stop']);
    }
  });

  test('does not keep a pipe open that somebody writes to until it is closed', async (context) => {
    requireTools(context, 'bash');
    const cli = await commandLine();
    // Nobody reads: with the daemon at the other end, `yes` would stand still and not be ended by SIGPIPE.
    const text = 'yes | GARDENER daemon start 60<&0 </dev/null >/dev/null';
    const options = { env: environment(cli.home), cwd: cli.home, timeout: 40_000 };
    try {
      const { stdout } = await run('bash', ['-c', script(text), builtProgram('gardener.js')], options);
      expect(stdout).toBe('');
    } finally {
      await cli.run(['daemon', 'stop']);
    }
  });

  test('does not keep a pipe open that somebody reads to its end', async (context) => {
    requireTools(context, 'bash');
    const cli = await commandLine();
    const text = '( GARDENER daemon start >/dev/null ) 50>&1 | cat';
    const options = { env: environment(cli.home), cwd: cli.home, timeout: 40_000 };
    try {
      const { stdout } = await run('bash', ['-c', script(text), builtProgram('gardener.js')], options);
      expect(stdout).toBe('');
    } finally {
      await cli.run(['daemon', 'stop']);
    }
  });
});
