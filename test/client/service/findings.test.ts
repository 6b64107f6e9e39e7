import { chmod, cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { resolvePaths } from '../../../src/paths.ts';
import { serviceFindings } from '../../../client/service/findings.ts';
import { serviceFile, socketUnitFile } from '../../../client/service/installed.ts';
import { launchAgent } from '../../../client/service/launchd/plist.ts';
import { planService, type PlanOptions } from '../../../client/service/plan.ts';
import { serviceUnit, socketUnit } from '../../../client/service/systemd/units.ts';
import { temporaryDirectory } from '../../support/home.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

let home: string;
let options: PlanOptions & { readonly home: string };

beforeEach(async () => {
  home = await temporaryDirectory();
  options = {
    home,
    paths: resolvePaths({ dataDir: join(home, 'data') }, {}),
    daemonProgram: await program('package/dist/gardenerd.js'),
    node: await program('bin/node'),
  };
  await program('package/launchd/gardenerd');
  await mkdir(join(home, 'commands'));
  vi.stubEnv('PATH', join(home, 'commands'));
  return () => vi.unstubAllEnvs();
});

async function program(path: string, text = '#!/bin/sh\n'): Promise<string> {
  const file = join(home, path);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, text);
  await chmod(file, 0o755);
  return file;
}

/** Puts a program on PATH that prints something. */
async function command(name: string, cases: string): Promise<void> {
  await program(join('commands', name), `#!/bin/sh\ncase "$*" in\n${cases}\nesac\n`);
}

async function install(changed: Partial<PlanOptions> = {}): Promise<void> {
  const plan = {
    ...planService({ ...options, onDemand: true, ...changed }),
    templates: join(ROOT, 'launchd'),
  };
  for (const [file, text] of [
    [serviceFile('systemd', home), serviceUnit(plan)],
    [socketUnitFile(home), socketUnit(plan)],
    [serviceFile('launchd', home), launchAgent(plan)],
  ] as const) {
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, text);
  }
}

const GOOD =
  'LoadState=loaded\\nActiveState=active\\nResult=success\\nUnitFileState=enabled\\nNeedDaemonReload=no\\n';
const systemctl = (
  socket = GOOD,
  service = 'LoadState=loaded\\nActiveState=inactive\\nMainPID=0\\nResult=success\\n',
) => command('systemctl', `*.socket) printf '${socket}';;\n*.service) printf '${service}';;`);

describe('on systemd', () => {
  const findings = () => serviceFindings(options, 'systemd');

  test('without a service there is nothing to mend', async () => {
    expect(await findings()).toMatchObject([{ check: 'service', level: 'ok' }]);
  });

  test('a good service is told as one, with what lingering would change', async () => {
    await install();
    await systemctl();
    await command('loginctl', '*) echo no;;');
    expect(await findings()).toMatchObject([
      { check: 'service', level: 'ok' },
      { check: 'service.lingering', level: 'ok', remedy: expect.stringContaining('enable-linger') as string },
    ]);
    await command('loginctl', '*) echo yes;;');
    expect(await findings()).toMatchObject([{ check: 'service', level: 'ok' }]);
  });

  test.each([
    ['disabled', GOOD.replace('enabled', 'disabled'), undefined, 'service.disabled'],
    ['not listening', GOOD.replace('active', 'inactive'), undefined, 'service.loaded'],
    ['changed behind its back', GOOD.replace('Reload=no', 'Reload=yes'), undefined, 'service.loaded'],
    ['given up', GOOD, 'ActiveState=failed\\nResult=start-limit-hit\\n', 'service.throttled'],
    ['failing', GOOD, 'ActiveState=failed\\nResult=exit-code\\nExecMainStatus=78\\n', 'service.exit'],
  ])('a service that is %s', async (_, socket, service, check) => {
    await install();
    await systemctl(socket, service);
    const found = await findings();
    expect(found.map((finding) => finding.check)).toEqual([check]);
    expect(found[0]?.remedy).toBeTruthy();
  });

  test('one that differs from what would be installed', async () => {
    await install();
    await systemctl();
    await writeFile(
      serviceFile('systemd', home),
      (await readFile(serviceFile('systemd', home), 'utf8')).replace('RestartSec=1', 'RestartSec=9'),
    );
    expect(await findings()).toMatchObject([{ check: 'service.drift', remedy: 'gardener service install' }]);
  });

  test('a file that cannot be read', async () => {
    await mkdir(serviceFile('systemd', home), { recursive: true });
    expect(await findings()).toMatchObject([
      { check: 'service', level: 'warning', message: expect.stringContaining('EISDIR') as string },
    ]);
  });

  test('a manager that does not answer', async () => {
    await install();
    expect(await findings()).toMatchObject([
      {
        check: 'service',
        level: 'error',
        message: expect.stringContaining('no program systemctl') as string,
      },
    ]);
  });

  test('a Node that will not stay, and one that is gone', async () => {
    const node = await program('.nvm/versions/node/v22.0.0/bin/node');
    await install({ node });
    await systemctl();
    expect(await findings()).toMatchObject([
      {
        check: 'service.node',
        level: 'warning',
        message: expect.stringContaining('belongs to nvm') as string,
      },
    ]);
    await rm(node);
    expect(await findings()).toMatchObject([
      { check: 'service.node', message: expect.stringContaining('is gone') as string },
      { check: 'service.drift' },
    ]);
  });

  test('another Node that asks is no drift', async () => {
    await install();
    await systemctl();
    const other = { ...options, node: await program('other/node') };
    expect(await serviceFindings(other, 'systemd')).toMatchObject([{ level: 'ok' }]);
  });

  test('a launcher or a daemon that is gone', async () => {
    await install();
    await systemctl();
    await rm(join(home, 'package'), { recursive: true });
    expect((await findings()).map(({ check, level }) => [check, level])).toEqual([
      ['service.program', 'error'],
      ['service.program', 'warning'],
    ]);
  });

  test('a service of another registry', async () => {
    await install({ paths: resolvePaths({ dataDir: join(home, 'elsewhere') }, {}) });
    await systemctl();
    expect(await findings()).toMatchObject([
      { check: 'service.registry', message: expect.stringContaining('elsewhere') as string },
    ]);
  });

  test('a file that was cut off', async () => {
    await install();
    await systemctl();
    await writeFile(serviceFile('systemd', home), '[Service]\n');
    expect(await findings()).toMatchObject([{ check: 'service.drift', level: 'error' }]);
  });
});

describe('on launchd', () => {
  const print = (state: string, disabled = '') =>
    command(
      'launchctl',
      `print-disabled*) printf 'disabled services = {\\n${disabled}}\\n';;\nprint*) printf '${state}';;`,
    );
  const findings = async () => {
    // The template is not copied into the home.
    await mkdir(join(home, 'package', 'launchd'), { recursive: true });
    const name = 'dev.codebase-gardener.registry.plist';
    await cp(join(ROOT, 'launchd', name), join(home, 'package', 'launchd', name));
    return await serviceFindings(options, 'launchd');
  };

  test('a good service', async () => {
    await install();
    await print('x = {\\n\\tstate = running\\n\\tpid = 7\\n}\\n');
    expect(await findings()).toMatchObject([
      { level: 'ok', message: expect.stringContaining('and runs') as string },
    ]);
  });

  test.each(['disabled', 'true'])('a disabled one, as %s', async (word) => {
    await install();
    await print('x = {\\n\\tstate = not running\\n}\\n', `\\t"dev.codebase-gardener.registry" => ${word}\\n`);
    expect(await findings()).toMatchObject([{ check: 'service.disabled' }]);
  });

  test('a throttled one', async () => {
    await install();
    await print('x = {\\n\\tstate = spawn scheduled\\n\\tlast exit code = (never exited)\\n}\\n');
    expect(await findings()).toMatchObject([{ check: 'service.throttled' }]);
  });

  test('one whose job had nothing to run', async () => {
    await install();
    await print('x = {\\n\\tstate = not running\\n\\tlast exit code = 78: EX_CONFIG\\n}\\n');
    expect(await findings()).toMatchObject([
      { check: 'service.exit', level: 'error', message: expect.stringContaining('exit 78') as string },
    ]);
  });

  test('one that needs files in folders that macOS protects', async () => {
    options = { ...options, paths: resolvePaths({ dataDir: join(home, 'Documents', 'data') }, {}) };
    await install();
    await print('x = {\\n\\tpid = 7\\n}\\n');
    expect(await findings()).toMatchObject([
      { check: 'service.protected-folder', message: expect.stringContaining('Documents') as string },
    ]);
  });
});
