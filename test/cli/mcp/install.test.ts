/** `gardener mcp install` and `uninstall`, as a person types them. */
import { chown, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import {
  PROGRAM_NAMES,
  PROGRAMS,
  type AgentProgram,
  type ProgramName,
} from '../../../client/cli/mcp/programs.ts';
import { startAgent } from '../../support/agent.ts';
import { builtProgram, commandLine } from '../../support/cli.ts';
import { temporaryDirectory } from '../../support/home.ts';
import { terminal } from '../../support/terminal.ts';

/** Where each program says that its settings are, on Linux and on macOS. */
const PLACES = {
  claude: ['.claude.json', '.claude.json'],
  cursor: ['.cursor/mcp.json', '.cursor/mcp.json'],
  vscode: ['.config/Code/User/mcp.json', 'Library/Application Support/Code/User/mcp.json'],
  codex: ['.codex/config.toml', '.codex/config.toml'],
  gemini: ['.gemini/settings.json', '.gemini/settings.json'],
  zed: ['.config/zed/settings.json', '.config/zed/settings.json'],
  windsurf: ['.codeium/windsurf/mcp_config.json', '.codeium/windsurf/mcp_config.json'],
} as const;

test.each(PROGRAM_NAMES)('the settings of %s are where that program has them', (name) => {
  const program: AgentProgram = PROGRAMS[name];
  const at = (platform: NodeJS.Platform, env: NodeJS.ProcessEnv = {}): string =>
    program.file({ home: '/h', env, platform });
  expect([at('linux'), at('darwin')]).toEqual(PLACES[name].map((path) => `/h/${path}`));
  const moved = {
    CLAUDE_CONFIG_DIR: '/x',
    CODEX_HOME: '/x',
    GEMINI_CLI_HOME: '/x',
    XDG_CONFIG_HOME: '/x',
  };
  const isMoved = !['cursor', 'windsurf'].includes(name);
  expect(at('linux', moved).startsWith(isMoved ? '/x/' : '/h/')).toBe(true);
  const relative = name === 'vscode' ? 'relative/Code/User/mcp.json' : `/h/${PLACES[name][0]}`;
  expect(at('linux', { XDG_CONFIG_HOME: 'relative', CODEX_HOME: '' })).toBe(relative);
});

test('VS Code has variables of its own, and no program takes a ~ in one for the home directory', async () => {
  const person = { home: '/h', env: { VSCODE_APPDATA: '/a' }, platform: 'darwin' } as const;
  expect(PROGRAMS.vscode.file(person)).toBe('/a/Code/User/mcp.json');
  const env = { ...person.env, VSCODE_PORTABLE: '/p' };
  expect(PROGRAMS.vscode.file({ ...person, env })).toBe('/p/user-data/User/mcp.json');
  const home = await temporaryDirectory();
  const { run, env: own } = terminal({ home });
  own['CODEX_HOME'] = '~/t';
  const { stdout } = await run(['mcp', 'install', 'codex', '--json']);
  expect(JSON.parse(stdout)).toMatchObject({ file: join(home, '~/t/config.toml') });
});

test('those that Claude Code has in the file of an early version are there', async () => {
  const home = await temporaryDirectory();
  await mkdir(join(home, '.claude'));
  await writeFile(join(home, '.claude', '.config.json'), '{}');
  const person = { home, env: {}, platform: process.platform };
  expect(PROGRAMS.claude.file(person)).toBe(join(home, '.claude', '.config.json'));
});

test.each(PROGRAM_NAMES)('for %s it is written once, in its shape, and taken out again', async (name) => {
  const home = await temporaryDirectory();
  const { run } = terminal({ home });
  const file = join(home, PLACES[name][process.platform === 'darwin' ? 1 : 0]);
  const done = async (...words: string[]): Promise<unknown> =>
    JSON.parse((await run(['mcp', ...words, name, '--write', '--json'])).stdout);
  expect(await done('install')).toMatchObject({ file, changed: true, backup: null });
  const { format, servers, typed }: AgentProgram = PROGRAMS[name];
  const args = [join(home, 'bin', 'gardener'), 'mcp', '--data-dir', home, '--no-start'];
  expect(format.read(await readFile(file, 'utf8'))).toEqual({
    [servers]: { gardener: { ...(typed && { type: 'stdio' }), command: process.execPath, args } },
  });
  expect(await done('install')).toMatchObject({ changed: false, backup: null });
  expect(await done('uninstall')).toMatchObject({ changed: true, backup: expect.stringContaining(file) });
  expect(await done('uninstall')).toMatchObject({ changed: false, backup: null });
  expect(await readFile(file, 'utf8')).not.toContain('gardener');
});

test('what is written starts a server of the registry that was meant', async () => {
  const cli = await commandLine();
  const other = ['--data-dir', join(cli.home, 'other')];
  await cli.run(['add', await cli.codebase('payments', {}), ...other]);
  await cli.run(['mcp', 'install', 'claude', '--write', ...other]);
  const { mcpServers } = JSON.parse(await readFile(join(cli.home, '.claude.json'), 'utf8')) as {
    mcpServers: Record<string, { command: string; args: string[] }>;
  };
  const { command, args = [] } = mcpServers['gardener'] ?? {};
  expect([command, ...args.slice(0, 2)]).toEqual([process.execPath, builtProgram('gardener.js'), 'mcp']);
  const agent = await startAgent(cli, args.slice(2));
  expect(JSON.stringify(await agent.tell('list_projects'))).toContain('payments');
  agent.child.stdin.end();
  await agent.finished;
  expect((await cli.run(['daemon', 'stop', ...other])).code).toBe(0);
});

test('without --write it says what to type, or to paste where, and touches nothing', async () => {
  const home = await temporaryDirectory();
  const { run } = terminal({ home });
  const { code, stdout, stderr } = await run(['mcp', 'install', 'codex', '--allow-work']);
  const words = ['mcp', '--data-dir', home, '--no-start', '--allow-work'];
  const program = join(home, 'bin', 'gardener');
  expect(code).toBe(0);
  expect(stdout).toContain(`\ncodex mcp add gardener -- ${process.execPath} ${program} ${words.join(' ')}\n`);
  expect(stdout).toContain('~/.codex/config.toml');
  expect(stdout).toContain(`\n[mcp_servers.gardener]\ncommand = ${JSON.stringify(process.execPath)}\n`);
  expect(stderr).toMatch(/gardener --data-dir \S+ mcp install codex --allow-work --no-start --write/);
  const gone = await run(['mcp', 'uninstall', 'codex']);
  expect(gone.stdout).toBe('Codex does not start it: ~/.codex/config.toml\n');
  await expect(readFile(join(home, '.codex', 'config.toml'))).rejects.toThrow(/ENOENT/);
  await run(['mcp', 'install', 'codex', '--write']);
  expect((await run(['mcp', 'uninstall', 'codex'])).stdout).toContain('codex mcp remove gardener\n');
});

test('settings that cannot be parsed are left alone, with the text to paste', async () => {
  const home = await temporaryDirectory();
  const { run } = terminal({ home });
  const file = join(home, '.cursor', 'mcp.json');
  await mkdir(dirname(file));
  await writeFile(file, '{"mcpServers": {');
  const { code, stdout, stderr } = await run(['mcp', 'install', 'cursor', '--write']);
  expect({ code, stderr }).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('cannot write into ~/.cursor/mcp.json: it cannot be parsed'),
  });
  expect(stdout).toContain('{\n  "mcpServers": {\n    "gardener": {\n');
  const document = JSON.parse(
    (await run(['mcp', 'install', 'cursor', '--write', '--json'])).stdout,
  ) as object;
  expect(document).toMatchObject({
    file,
    text: expect.stringContaining('gardener'),
    error: { data: { kind: 'local' } },
  });
  expect(await readFile(file, 'utf8')).toBe('{"mcpServers": {');
});

test.each<[name: ProgramName, text: string]>([
  ['codex', '[mcp_servers.gardener]\ncommand = "/my/wrapper"\n'],
  ['claude', '{"mcpServers":{"gardener":{"command":"uvx","args":["garden-tools","serve","mcp"]}}}'],
])('a server of %s that is another one is neither written over, nor is that advised', async (name, text) => {
  const home = await temporaryDirectory();
  const { run } = terminal({ home, isTTY: false });
  const file = join(home, PLACES[name][0]);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, text);
  for (const words of [['install'], ['install', '--write'], ['uninstall'], ['uninstall', '--write']]) {
    const { code, stdout, stderr } = await run(['mcp', ...words, name]);
    expect({ code, stdout }, words.join(' ')).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(
      /it has a server named gardener that is another one\ntry: (give that one|take it)/,
    );
    const document: unknown = JSON.parse((await run(['mcp', ...words, name, '--json'])).stdout);
    expect(document).toMatchObject({ file, command: null });
  }
  expect(await readFile(file, 'utf8')).toBe(text);
});

test('a program is not told to begin a file anew that it cannot read', async () => {
  const home = await temporaryDirectory();
  const { run } = terminal({ home, isTTY: false });
  await writeFile(join(home, '.claude.json'), '{} // mine');
  for (const words of [['install'], ['install', '--write'], ['uninstall'], ['uninstall', '--write']]) {
    const { stdout, stderr } = await run(['mcp', ...words, 'claude']);
    expect(stdout, words.join(' ')).not.toContain('claude mcp');
    expect(stderr, words.join(' ')).toContain('it has a comment in line 1');
  }
});

test('where a table could not be pasted, the command of the program is named alone', async () => {
  const home = await temporaryDirectory();
  const { run } = terminal({ home });
  await mkdir(join(home, '.codex'));
  await writeFile(join(home, '.codex', 'config.toml'), 'mcp_servers = { a = { command = "x" } }\n');
  for (const words of [[], ['--write']]) {
    const { stdout } = await run(['mcp', 'install', 'codex', ...words]);
    expect(stdout).toContain('\ncodex mcp add gardener -- ');
    expect(stdout).not.toContain('[mcp_servers');
  }
});

test('it says which flags of the entry that was there are left out, and that it is switched off', async () => {
  const home = await temporaryDirectory();
  const { run } = terminal({ home, isTTY: false });
  const file = join(home, '.claude.json');
  const args = ['/old/gardener.js', '--data-dir=/x', 'mcp', '--allow-work'];
  await writeFile(
    file,
    JSON.stringify({ mcpServers: { gardener: { command: 'node', args, disabled: true } } }),
  );
  expect((await run(['mcp', 'install', 'claude'])).stderr).toContain('first: claude mcp remove --scope user');
  const { stdout, stderr } = await run(['mcp', 'install', 'claude', '--write']);
  expect(stdout).toContain('Claude Code has it, but switched off, from now on: ~/.claude.json');
  expect(stderr).toContain('it is started no longer with --data-dir /x --allow-work; give that again');
  expect(stderr).toContain('it is switched off there: disabled is true');
  const again = await run(['mcp', 'install', 'claude', '--write']);
  expect(again.stdout).toContain('has it, but switched off, already');
  expect(again.stderr).not.toContain('no longer');
});

test.runIf(process.geteuid?.() === 0)("root writes nothing into what is another user's", async () => {
  const home = await temporaryDirectory();
  const theirs = join(home, 'theirs');
  await mkdir(theirs);
  await chown(theirs, 65534, 65534);
  const { run, env } = terminal({ home, isTTY: false });
  env['CODEX_HOME'] = theirs;
  const { code, stderr } = await run(['mcp', 'install', 'codex', '--write']);
  expect({ code, stderr }).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/belongs to user 65534, .*\ntry: the same without sudo\n/),
  });
  expect(await readdir(theirs)).toEqual([]);
});

test('what the environment says of the registry goes into the entry', async () => {
  const cli = await commandLine();
  const args = async (env: NodeJS.ProcessEnv, ...words: string[]): Promise<string[]> => {
    const { text } = (await cli.json(['mcp', ...words, 'install', 'zed'], { env })) as { text: string };
    return (
      JSON.parse(text) as { context_servers: { gardener: { args: string[] } } }
    ).context_servers.gardener.args.slice(2);
  };
  expect(await args({})).toEqual([]);
  expect(await args({ CODEBASE_GARDENER_DATA_DIR: '/d' }, '--allow-work')).toEqual([
    '--data-dir',
    '/d',
    '--allow-work',
  ]);
  expect(await args({ CODEBASE_GARDENER_SOCKET: '/s', CODEBASE_GARDENER_DATA_DIR: '/d' })).toEqual([
    '--data-dir',
    '/d',
    '--socket',
    '/s',
  ]);
  expect(await args({ CODEBASE_GARDENER_SOCKET: '/s' })).toEqual(['--socket', '/s']);
});

test.each([
  [['mcp', 'instal', 'claude', '--write'], "unknown command 'instal'; did you mean install?", 'mcp'],
  [['mcp', 'uninstall', 'claude', '--allow-work'], "unknown option '--allow-work'", 'mcp uninstall'],
  [['mcp', 'nope'], "unknown command 'nope'", 'mcp'],
  [['mcp', 'nope', '--help'], "unknown command 'nope'", 'mcp'],
  [['help', 'mcp', 'nope'], "unknown command 'nope'", 'mcp'],
  [
    ['mcp', 'install', 'emacs'],
    "'emacs' is invalid for argument 'program': it is one of claude, cursor,",
    'mcp install',
  ],
])('%j is wrong usage', async (words, message, command) => {
  const { run } = terminal({ home: await temporaryDirectory(), isTTY: false });
  const { code, stderr } = await run(words);
  expect(code).toBe(2);
  expect(stderr).toContain(message);
  expect(stderr).toMatch(
    new RegExp(`^try: gardener .*${command} --help`.replace('mcp', String.raw`mcp\b.*`), 'm'),
  );
});
