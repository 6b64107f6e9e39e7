/** `gardener train` killed with -9 at any moment: its trainer is gone before another one gets the project. */
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { commandLine } from '../support/cli.ts';
import { until } from '../support/until.ts';
import { seeded } from './support/random.ts';
import { report } from './support/report.ts';

const PROJECTS = 8;
/** A kill comes this long after gardener was started at the latest: before, while and after the trainer starts. */
const LATEST_KILL_MS = 2_400;

/**
 * Looks whether anybody who has begun with the project is still there, and notes itself; then works until it may end.
 * Every second one does not end when it is asked to, and all have a child that does not either.
 */
const TRAINER = `
  me="$HOME/$GARDENER_PROJECT_NAME"
  for other in $(cat "$me" 2> /dev/null); do kill -0 "$other" 2> /dev/null && echo "$other and $$" >> "$HOME/overlaps"; done
  echo $$ >> "$me"
  [ $(($$ % 2)) = 0 ] && trap '' TERM
  (trap '' TERM; exec > /dev/null 2>&1 3>&-; sh -c 'echo $$ >> "$1"; while [ -d "$HOME" ] && [ ! -e "$HOME/end" ]; do sleep 0.1; done' child "$me") &
  while [ -d "$HOME" ] && [ ! -e "$HOME/go" ]; do sleep 0.1; done
  kill -KILL $!
  exit 0`;

test(`${PROJECTS} trainings killed at some moment, and taken over`, { timeout: 240_000 }, async () => {
  const random = seeded();
  const cli = await commandLine();
  await cli.codebase('src', {});
  for (let number = 0; number < PROJECTS; number += 1) await cli.json(['add', 'src', '--name', `p${number}`]);
  // What is killed leaves what it has there.
  const env = { TMPDIR: cli.home };
  const train = (name: string) => cli.start(['train', name, '--', 'sh', '-c', TRAINER], { env });
  const isTraining = async (name: string) =>
    ((await cli.json(['show', name])) as { training_status: string }).training_status === 'training';
  await Promise.all(
    Array.from({ length: PROJECTS }, async (_, number) => {
      const { child } = train(`p${number}`);
      // One that has the lease, however slow the machine is.
      if (number === 0) await until(() => isTraining('p0'), 'the first has the lease');
      await pause(random.fraction() * LATEST_KILL_MS);
      child.kill('SIGKILL');
      await once(child, 'exit');
    }),
  );
  const taken = Array.from({ length: PROJECTS }, () =>
    cli.start(['train', '--claim', '--wait', '--', 'sh', '-c', TRAINER]),
  );
  const { projects } = await until(
    async () => {
      const listed = (await cli.json(['ls', '--status', 'training'])) as { projects: Listed[] };
      const held = listed.projects.filter(({ training }) => training.holder?.pid !== undefined);
      const pids = new Set(taken.map(({ child }) => child.pid));
      return held.filter(({ training }) => pids.has(training.holder?.pid)).length === PROJECTS && listed;
    },
    'all are taken over',
    60_000,
  );
  await writeFile(join(cli.home, 'go'), '');
  for (const { finished } of taken) expect((await finished).code).toBe(0);
  await writeFile(join(cli.home, 'end'), '');
  expect(await readFile(join(cli.home, 'overlaps'), 'utf8').catch(() => '')).toBe('');
  const twice = projects.filter(({ training }) => training.attempt > 1).length;
  report(`${PROJECTS} killed, ${twice} of them with a lease`);
  expect(twice).toBeGreaterThan(0);
});

interface Listed {
  readonly training: { readonly attempt: number; readonly holder: { readonly pid?: number } | null };
}
