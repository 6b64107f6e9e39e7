import { execFile } from 'node:child_process';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { resolvePaths } from '../../../../src/paths.ts';
import { readInstalled, serviceFile, socketUnitFile } from '../../../../client/service/installed.ts';
import { planService, type ServicePlan } from '../../../../client/service/plan.ts';
import { serviceUnit, socketUnit, unusablePath } from '../../../../client/service/systemd/units.ts';
import { temporaryDirectory } from '../../../support/home.ts';
import { requireTools } from '../../../support/tools.ts';

/** Writes both units for a registry of this name, and the programs that they name. */
async function units(name: string): Promise<{ home: string; plan: ServicePlan }> {
  const home = await temporaryDirectory();
  const paths = resolvePaths({ dataDir: join(home, name) }, {});
  const plan = planService({
    paths,
    daemonProgram: join(home, name, 'dist', 'gardenerd.js'),
    node: join(home, name, 'node'),
    home,
    onDemand: true,
  });
  for (const program of [plan.launcher, plan.node]) {
    await mkdir(dirname(program), { recursive: true });
    await writeFile(program, '#!/bin/sh\n');
    await chmod(program, 0o755);
  }
  await mkdir(dirname(serviceFile('systemd', home)), { recursive: true });
  await writeFile(serviceFile('systemd', home), serviceUnit(plan));
  await writeFile(socketUnitFile(home), socketUnit(plan));
  return { home, plan };
}

const NAMES = [
  'plain',
  'with  spaces',
  `quotes " and '`,
  'R&D; #1',
  '100% $HOME ${HOME}',
  'back\\slash',
  'Zürich 東京',
];

describe('the units', () => {
  test.for(NAMES)('are taken by systemd without a word: %j', async (name, context) => {
    requireTools(context, 'systemd-analyze');
    const { home } = await units(name);
    const verify = ['verify', '--user', '--man=no', socketUnitFile(home), serviceFile('systemd', home)];
    const env = { ...process.env, XDG_RUNTIME_DIR: home, HOME: home };
    const { stdout, stderr } = await promisify(execFile)('systemd-analyze', verify, { env });
    expect(stdout + stderr).toBe('');
  });

  test.each(NAMES)('are read back as they were meant: %j', async (name) => {
    const { home, plan } = await units(name);
    expect(readInstalled('systemd', home)).toMatchObject({
      command: [
        plan.launcher,
        plan.node,
        plan.daemon,
        '--manager',
        'systemd',
        '--data-dir',
        plan.dataDir,
        '--socket',
        plan.socket,
        '--idle-timeout',
        '1800',
      ],
      dataDir: plan.dataDir,
      socket: plan.socket,
      onDemand: true,
    });
  });

  test('are not made for paths that systemd cannot take', () => {
    expect(unusablePath('/home/ada/a\nb')).toContain('line break');
    expect(unusablePath('/home/ada/run ')).toContain('strips');
    expect(unusablePath('/home/ada/run')).toBeUndefined();
  });
}, 60_000);

test.runIf(process.platform === 'linux')('the verifying is meant', async (context) => {
  requireTools(context, 'systemd-analyze');
  const { home } = await units('plain');
  await writeFile(serviceFile('systemd', home), '[Service]\nExecStart=/bin/true\nRestarts=always\n');
  const env = { ...process.env, XDG_RUNTIME_DIR: home, HOME: home };
  const verify = ['verify', '--user', '--man=no', serviceFile('systemd', home)];
  expect((await promisify(execFile)('systemd-analyze', verify, { env })).stderr).toContain('Restarts');
});
