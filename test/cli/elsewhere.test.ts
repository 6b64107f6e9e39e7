/** A daemon behind a socket that was given alone: on another machine, or of another directory. */
import { chmod, mkdir, rm, stat, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Finding } from '../../client/cli/finding.ts';
import { type Gardenerd, startGardenerd } from '../faults/support/gardenerd.ts';
import { type CommandLine, commandLine } from '../support/cli.ts';
import { temporaryDirectory } from '../support/home.ts';

/** A daemon that takes its machine for one of this name, and has a project whose code is gone. */
async function daemonOn(host: string, home: string): Promise<Gardenerd> {
  const preload = join(await temporaryDirectory(), 'preload.cjs');
  const script = `require('node:os').hostname = () => ${JSON.stringify(host)};
    require('node:module').syncBuiltinESMExports();`;
  await writeFile(preload, script);
  const daemon = await startGardenerd({ env: { NODE_OPTIONS: `--require ${preload}`, HOME: home } });
  const peer = await daemon.connect();
  const source_path = join(daemon.paths.dataDir, 'code');
  await mkdir(source_path);
  await peer.call('projects.register', { name: 'there', source_path });
  await rm(source_path, { recursive: true });
  return daemon;
}

/** A home with something that the doctor would mend. */
async function ailing(): Promise<{ cli: CommandLine; ails(): Promise<boolean> }> {
  const cli = await commandLine();
  await mkdir(cli.dataDir);
  await chmod(cli.dataDir, 0o777);
  return { cli, ails: async () => ((await stat(cli.dataDir)).mode & 0o777) === 0o777 };
}

async function doctor(cli: CommandLine, { paths }: Gardenerd): Promise<readonly Finding[]> {
  const env = { CODEBASE_GARDENER_SOCKET: paths.socket };
  const { stdout } = await cli.run(['doctor', '--fix', '--json'], { env });
  return (JSON.parse(stdout) as { findings: Finding[] }).findings;
}

const HERE = /^(data|file|run|writing|leftovers|disk|watching|service)\b/;

test.for([
  ['another name', 'build7', '/home/ada', 'that daemon is on another machine, build7; '],
  ['another home', hostname(), '/home/bob', "another person's: its home is /home/bob; "],
])(
  'doctor tells a machine of %s, and neither looks at files here nor mends them',
  async ([, host, home, said]) => {
    const { cli, ails } = await ailing();
    const daemon = await daemonOn(String(host), String(home));
    const findings = await doctor(cli, daemon);
    expect(findings[0]).toMatchObject({ check: 'daemon.elsewhere', level: 'warning' });
    expect(findings[0]?.message).toContain(said);
    expect(findings.filter(({ check }) => HERE.test(check))).toEqual([]);
    expect(await ails()).toBe(true);
    // What that daemon says of its own is told, and to be mended there.
    expect(findings.find(({ check }) => check === 'projects.source_missing')?.remedy).toMatch(
      /^there: gardener edit there /,
    );
  },
);

test('doctor tells a daemon of this machine that serves another directory, and how to look at that', async () => {
  const { cli, ails } = await ailing();
  const daemon = await daemonOn(hostname(), cli.home);
  const { dataDir, socket } = daemon.paths;
  const [first, ...others] = await doctor(cli, daemon);
  expect(first).toMatchObject({
    check: 'daemon.elsewhere',
    message: expect.stringContaining(`that daemon is serving ${dataDir}; `) as string,
    remedy: `gardener doctor --data-dir ${dataDir} --socket ${socket}`,
  });
  expect(others.filter(({ check }) => HERE.test(check))).toEqual([]);
  expect(await ails()).toBe(true);
  const { stdout } = await cli.run(['doctor', '--json', '--data-dir', dataDir, '--socket', socket]);
  const checks = (JSON.parse(stdout) as { findings: Finding[] }).findings.map(({ check }) => check);
  expect(checks).toContain('file.content');
  expect(checks).not.toContain('daemon.elsewhere');
});

test('add says that the path is one of another machine', async () => {
  const cli = await commandLine();
  const path = await cli.codebase('src/payments', { 'a.ts': '' });
  const daemon = await daemonOn('build7', cli.home);
  const env = { CODEBASE_GARDENER_SOCKET: daemon.paths.socket };
  expect(await cli.run(['add', 'src/payments'], { env })).toMatchObject({
    code: 0,
    stderr: `warning: the daemon is on another machine, build7; it takes ${path} for a path there\n`,
  });
  expect(await cli.run(['add', 'src/payments'])).toMatchObject({ code: 0, stderr: '' });
});
