/** The LaunchAgent, read by a parser that is not ours. */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeEach, describe, expect, test } from 'vitest';
import { resolvePaths } from '../../src/paths.ts';
import { readInstalled, serviceFile } from '../../client/service/installed.ts';
import { faultsOf, launchAgent } from '../../client/service/launchd/plist.ts';
import { planService, type ServicePlan } from '../../client/service/plan.ts';
import { temporaryDirectory } from '../support/home.ts';
import { requireTools } from '../support/tools.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

function plan(dataDir: string, onDemand = false): ServicePlan {
  return planService({
    paths: resolvePaths({ dataDir }, {}),
    daemonProgram: join(ROOT, 'dist', 'gardenerd.js'),
    node: '/usr/local/bin/node',
    home: '/Users/ada',
    onDemand,
  });
}

/** What Python makes of a property list; it refuses what is none. */
function python(xml: string): unknown {
  const program = 'import json, plistlib, sys; print(json.dumps(plistlib.loads(sys.stdin.buffer.read())))';
  return JSON.parse(execFileSync('python3', ['-c', program], { input: xml, encoding: 'utf8' }));
}

beforeEach((context) => requireTools(context, 'python3'));

test('the service that is always there', () => {
  expect(python(launchAgent(plan('/Users/ada/.codebase-gardener')))).toEqual({
    Label: 'dev.codebase-gardener.registry',
    ProgramArguments: [
      join(ROOT, 'launchd', 'gardenerd'),
      '/usr/local/bin/node',
      join(ROOT, 'dist', 'gardenerd.js'),
      '--manager',
      'launchd',
      '--data-dir',
      '/Users/ada/.codebase-gardener',
      '--socket',
      '/Users/ada/.codebase-gardener/run/registry.sock',
    ],
    RunAtLoad: true,
    KeepAlive: { SuccessfulExit: false },
    ThrottleInterval: 30,
    ExitTimeOut: 20,
    ProcessType: 'Interactive',
    Umask: 0o077,
    SoftResourceLimits: { NumberOfFiles: 4096 },
    StandardOutPath: '/Users/ada/.codebase-gardener/logs/launchd.log',
    StandardErrorPath: '/Users/ada/.codebase-gardener/logs/launchd.log',
  });
});

test('the service on demand has a socket of launchd, and nothing that starts it at load', () => {
  const agent = python(launchAgent(plan('/Users/ada/.codebase-gardener', true))) as Record<string, unknown>;
  expect(agent).toMatchObject({
    Sockets: {
      Listener: { SockPathName: '/Users/ada/.codebase-gardener/run/registry.sock', SockPathMode: 0o600 },
    },
    inetdCompatibility: { Wait: true },
  });
  expect(agent).not.toHaveProperty('RunAtLoad');
  expect(agent).not.toHaveProperty('KeepAlive');
  expect((agent['ProgramArguments'] as string[]).slice(-2)).toEqual(['--idle-timeout', '1800']);
});

describe('awkward paths', () => {
  const names = [
    'R&D <registry>',
    'with  spaces ',
    `quotes " and '`,
    'Zürich 東京 🌱',
    'e\u0301 decomposed',
    '&amp; &#65; ]]>',
    '@NODE@',
    '-->',
    '100% $HOME',
  ];

  test.each(names)('%j arrives unchanged', async (name) => {
    const dataDir = `/Users/ada/${name}`;
    const xml = launchAgent(plan(dataDir, true));
    const agent = python(xml) as {
      ProgramArguments: string[];
      Sockets: { Listener: { SockPathName: string } };
    };
    expect(agent.ProgramArguments[6]).toBe(dataDir);
    expect(agent.Sockets.Listener.SockPathName).toBe(`${dataDir}/run/registry.sock`);

    // The library's own small reader sees the same.
    const home = await temporaryDirectory();
    await mkdir(dirname(serviceFile('launchd', home)), { recursive: true });
    await writeFile(serviceFile('launchd', home), xml);
    expect(readInstalled('launchd', home)).toMatchObject({
      command: agent.ProgramArguments,
      dataDir,
      socket: `${dataDir}/run/registry.sock`,
      onDemand: true,
    });
  });

  test.each(['\u0001', '\u0000', '\ufffe'])('%j is refused, since XML cannot carry it', (character) => {
    expect(() => launchAgent(plan(`/Users/ada/${character}`))).toThrow(/cannot make the LaunchAgent|nvalid/);
  });
});

describe('the table of keys', () => {
  test('takes the template', async () => {
    const template = await readFile(join(ROOT, 'launchd', 'dev.codebase-gardener.registry.plist'), 'utf8');
    const agent = python(template) as Record<string, never>;
    expect(Object.keys(agent)).toContain('KeepAlive');
  });

  const good = python(launchAgent(plan('/Users/ada/x'))) as Record<string, never>;
  test.each([
    ['a key that launchd does not know', { Throttle: 30 }, 'Throttle'],
    ['a number as text', { ThrottleInterval: '30' }, 'ThrottleInterval'],
    ['a mode in quotes', { Umask: '077' }, 'Umask'],
    ['a relative program', { ProgramArguments: ['node'] }, 'ProgramArguments'],
    ['no arguments at all', { ProgramArguments: [] }, 'ProgramArguments'],
    ['an unknown condition', { KeepAlive: { Succeeds: false } }, 'KeepAlive'],
    ['another process type', { ProcessType: 'Fast' }, 'ProcessType'],
    ['a socket without a path', { Sockets: { Listener: { SockPathName: 'x' } } }, 'Sockets'],
    ['another label', { Label: 'registry' }, 'Label'],
  ])('refuses %s', (_, change, key) => {
    expect(faultsOf(good)).toEqual([]);
    expect(faultsOf({ ...good, ...change })).toEqual([`${key} is not as launchd takes it`]);
  });

  test('misses what must be there', () => {
    expect(faultsOf({ RunAtLoad: true })).toEqual(['Label is missing', 'ProgramArguments is missing']);
  });
});

test('everything of launchd/ is published', () => {
  const { files } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { files: string[] };
  const named = readdirSync(join(ROOT, 'launchd')).map((name) => `launchd/${name}`);
  expect(files.filter((file) => file.startsWith('launchd'))).toEqual(named.toSorted());
});
