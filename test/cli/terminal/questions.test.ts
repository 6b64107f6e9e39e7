/** Questions that get no answer: the input ends, or the terminal closes. Nothing is done then. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { isGone } from '../../../client/cli/daemon/processes.ts';
import type { Result } from '../../../src/protocol/methods.ts';
import { builtProgram } from '../../support/cli.ts';
import { environment } from '../../support/home.ts';
import { terminal } from '../../support/terminal.ts';
import { tmuxTerminal } from '../../support/tmux.ts';
import { requireTools } from '../../support/tools.ts';
import { until } from '../../support/until.ts';
import { type World, world } from '../../support/world.ts';

/** Two projects, and a removal that can be taken back. */
async function desk(): Promise<World> {
  const here = await world(['api', 'web', 'gone']);
  await here.writer.call('projects.remove', { project: 'gone' });
  return here;
}

test.for([['rm', 'api'], ['undo'], ['restore'], ['prune', 'api', '--older', '0d']])(
  'the end of the input means no where %j asks',
  async (words) => {
    const { paths, writer } = await desk();
    // Something to prune: of two trainings, what the first has made is out of service.
    for (const adapter of ['first', 'second']) {
      const { token, output } = await writer.call('training.begin', { project: 'api' });
      await writeFile(join(String(output?.['directory']), 'lora_adapter.bin'), adapter);
      await writer.call('training.complete', { project: 'api', token });
    }
    const { backups } = (await writer.call('registry.backups')) as unknown as Result<'registry.backups'>;
    const name = backups.find(({ reason }) => reason === 'remove')?.name ?? '';
    const before = await readFile(paths.registryFile, 'utf8');
    const { code, stderr } = await terminal({ home: paths.dataDir }).run(
      words[0] === 'restore' ? [...words, name] : words,
    );
    expect(stderr).toMatch(/\? .*\[y\/N\] \nnothing was /);
    expect(code).toBe(1);
    expect(await readFile(paths.registryFile, 'utf8')).toBe(before);
  },
);

test('a terminal that closes ends whoever asks there, and nothing is done', async (context) => {
  requireTools(context, ['tmux', 'sh']);
  const { paths, writer } = await desk();
  const home = paths.dataDir;
  const gardener = `${process.execPath} ${builtProgram('gardener.js')} --data-dir ${home}`;
  const { shows, close } = await tmuxTerminal(
    `sh -c "echo \\$\\$ > ${home}/asking; exec ${gardener} rm api"`,
    {
      env: environment(home),
    },
  );
  await shows('remove api from the registry');
  await close();
  const pid = Number(await readFile(`${home}/asking`, 'utf8'));
  await until(() => isGone(pid), 'it has ended');
  expect(await writer.call('projects.count')).toBe(2);
});
