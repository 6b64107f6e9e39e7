/** The programs as they lie in a clone, without a build. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { isDaemonOf } from '../../src/claim/process-ids.ts';
import { environment, temporaryDirectory } from '../support/home.ts';
import { runIn } from './packed.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

test('the command line and the daemon that it starts run from source', async (context) => {
  const { typescript } = process.features as { typescript?: unknown };
  if (typescript !== 'strip') context.skip(`Node ${process.version} runs no TypeScript`);
  const home = await temporaryDirectory();
  const program = join(root, 'client/cli/main.ts');
  const gardener = (...words: string[]) =>
    runIn(home, process.execPath, [program, ...words], environment(home));
  onTestFinished(async () => void (await gardener('daemon', 'stop')));
  expect(await gardener('add', '.', '--name', 'here')).toMatch(/^added here /);
  const { pid, socket } = JSON.parse(await gardener('daemon', 'status', '--json')) as {
    pid: number;
    socket: string;
  };
  expect(isDaemonOf(pid, socket)).toBe(true);
  expect(await runIn(home, 'ps', ['-ww', '-o', 'command=', '-p', String(pid)])).toContain(
    `${join(root, 'src/gardenerd.ts')} `,
  );
  expect(await gardener('daemon', 'stop')).toBe(`stopped the daemon: pid ${pid}\n`);
});
