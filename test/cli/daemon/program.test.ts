/** Which daemon the command line starts: what came with it, unless the environment names another one. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { builtProgram, commandLine } from '../../support/cli.ts';

test('the program that the environment names is started, and one that is not there is told', async () => {
  const cli = await commandLine();
  const notes = join(cli.home, 'notes');
  const program = join(cli.home, 'own-gardenerd');
  const words = `#!/bin/sh\necho "$CODEBASE_GARDENER_DAEMON" "$@" >>'${notes}'\nexec '${process.execPath}' '${builtProgram('gardenerd.js')}' "$@"\n`;
  await writeFile(program, words, { mode: 0o755 });
  const nowhere = { env: { CODEBASE_GARDENER_DAEMON: '~/nowhere' } };
  const told = 'CODEBASE_GARDENER_DAEMON leads to ~/nowhere, where no executable file is';
  const remedy = 'set it to the path of gardenerd, or unset it';

  expect(await cli.run(['daemon', 'start'], nowhere)).toMatchObject({
    code: 3,
    stderr: `gardener: cannot start the daemon: ${told}; ${remedy}\n`,
  });
  const named = { env: { CODEBASE_GARDENER_DAEMON: '~/own-gardenerd' } };
  expect(await cli.run(['daemon', 'start'], named)).toMatchObject({ code: 0 });
  // What a client is to start is not the daemon's.
  expect(await readFile(notes, 'utf8')).toMatch(/^ --data-dir .* --manager spawned\n$/);

  const { code, stdout, stderr } = await cli.run(['daemon', 'status', '--json'], nowhere);
  expect({ code, stderr }).toEqual({
    code: 0,
    stderr: `warning: ${told}; ${remedy}\n`,
  });
  expect(JSON.parse(stdout)).toHaveProperty('pid');
  const { findings } = (await cli.json(['doctor'], nowhere)) as { findings: unknown[] };
  const finding = { check: 'daemon.program', level: 'warning', message: told, remedy };
  expect(findings).toContainEqual(finding);
  const good = (await cli.json(['doctor'], named)) as { findings: { check: string }[] };
  expect(good.findings.map(({ check }) => check)).not.toContain('daemon.program');
  const relative = await cli.run(['ls'], { env: { CODEBASE_GARDENER_DAEMON: 'gardenerd' } });
  expect(relative).toMatchObject({
    code: 2,
    stderr: expect.stringContaining(
      'cannot use CODEBASE_GARDENER_DAEMON=gardenerd: a relative path',
    ) as string,
  });
});
