import { chmod, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { editableText } from '../../../client/cli/projects/edit/edited.ts';
import type { WireProject } from '../../../src/domain/encoding.ts';
import { builtProgram } from '../../support/cli.ts';
import { type RunningDaemon, startDaemon } from '../../support/daemon.ts';
import type { LineClient } from '../../support/lines.ts';
import { temporaryDirectory } from '../../support/home.ts';
import { tmuxTerminal } from '../../support/tmux.ts';
import { requireTools } from '../../support/tools.ts';
import { until } from '../../support/until.ts';
import { type Terminal, terminal, type TerminalOptions } from '../../support/terminal.ts';

interface Desk extends Terminal {
  readonly home: string;
  readonly registry: LineClient;
  readonly daemon: RunningDaemon;
  /** Registers a project in a directory of this name. */
  register(name: string, more?: object): Promise<WireProject>;
  get(project: string): Promise<WireProject>;
}

/** A person at a terminal, and a daemon. */
async function desk(options: Omit<TerminalOptions, 'home'> = {}): Promise<Desk> {
  const home = await temporaryDirectory();
  const daemon = await startDaemon({ dataDir: home });
  const registry = await daemon.connect();
  return {
    ...terminal({ home, ...options }),
    home,
    registry,
    daemon,
    async register(name, more = {}) {
      const source_path = await daemon.codebase(name);
      const params = { name, source_path, language: 'go', ...more };
      return (await registry.call('projects.register', params)) as unknown as WireProject;
    },
    get: async (project) => (await registry.call('projects.get', { project })) as unknown as WireProject,
  };
}

test('where a codebase was moved to is asked when nothing tells, and the end of the input changes nothing', async () => {
  const { run, register, get, home, daemon } = await desk();
  const { source_path: old } = await register('api');
  await mkdir(join(await daemon.codebase('renamed'), 'api'));
  await rm(old, { recursive: true });
  const target = join(home, 'src', 'renamed');
  const words = ['mv', 'api', target];
  const question = 'is it at ~/src/renamed/api now, moved into ~/src/renamed? [y/N] ';
  expect(await run(words)).toMatchObject({
    code: 1,
    stdout: '',
    stderr: `${question}\nnothing was changed; if it is the directory itself:\n  gardener --data-dir ${home} edit --path ${target} api\n`,
  });
  expect(await get('api')).toMatchObject({ source_path: old });
  expect(await run(words, ['y'])).toMatchObject({ code: 0, stderr: question });
  expect(await get('api')).toMatchObject({ source_path: join(target, 'api') });
});

describe('a table', () => {
  test('is as wide as the terminal at most, and paths lose their beginning', async () => {
    const { run, register } = await desk({ columns: 76 });
    await register('a project with quite a long name, as people write them', { language: 'a long language' });
    const { stdout } = await run(['ls']);
    const [, line = ''] = stripVTControlCharacters(stdout).split('\n');
    expect(line).toHaveLength(76);
    expect(line).toMatch(/^\* a project with.*… {2}not started {2}a long.*… +0 {2}never {2}….*them$/);
  });

  test('is as wide as most terminals where this one does not say', async () => {
    const { run, register } = await desk({ columns: 0 });
    await register('api');
    const { stdout } = await run(['ls']);
    const [, line = ''] = stripVTControlCharacters(stdout).split('\n');
    expect(line).toMatch(/^\* api +not started +go +0 +never +~\/src\/api$/);
    expect((await run(['show', 'api'])).stdout).not.toContain('…');
  });

  test('has colours, unless the person wants none', async () => {
    const { run, register, env } = await desk();
    await register('api');
    expect((await run(['ls'])).stdout).toContain('\u001b[32m* api\u001b[39m');
    env['NO_COLOR'] = '1';
    expect((await run(['ls'])).stdout).not.toContain('\u001b');
    env['NO_COLOR'] = '';
    env['TERM'] = 'dumb';
    expect((await run(['ls'])).stdout).not.toContain('\u001b');
  });

  test('for a program has none, even at a terminal', async () => {
    const { run, register } = await desk();
    const project = await register('api');
    const { stdout, stderr } = await run(['ls', '--json']);
    expect({ document: JSON.parse(stdout) as unknown, stderr }).toEqual({
      document: { projects: [{ ...project, ahead: null }] },
      stderr: '',
    });
  });
});

test('a time is told as how long ago it was', async () => {
  const now = Date.now() + 3.1 * 86_400_000;
  const { run, register } = await desk({ now: () => now });
  await register('api', { activate: true });
  expect(stripVTControlCharacters((await run(['ls'])).stdout)).toMatch(/ 3 days ago {2}/);
  expect(stripVTControlCharacters((await run(['show', 'api'])).stdout)).toMatch(
    /used +\S+ \S+ {2}3 days ago\n/,
  );
});

test('what a project holds reaches the terminal as text only', async () => {
  const { run, register, registry, env } = await desk();
  env['NO_COLOR'] = '1';
  await register('api', {
    language: 'go\u001b]0;title\u0007',
    tags: ['\u001b[2J'],
    metadata: { a: '\u009b2J\u202e' },
  });
  await registry.call('projects.set_status', {
    project: 'api',
    status: 'failed',
    error: 'exit code 1\n\u001b[2J\r\n\tat run',
  });
  for (const words of [['ls'], ['show', 'api'], ['status']]) {
    expect((await run(words)).stdout).not.toMatch(/(?!\n)\p{Cc}|\u202e/u);
  }
});

describe('show', () => {
  test('has each of the last lines of a trainer in a line of its own', async () => {
    const { run, register, registry, env } = await desk();
    env['NO_COLOR'] = '1';
    await register('api');
    const error = 'exit code 1\nTraceback:\n  File "x.py"\n\tat run\r\nbo\u001bom';
    await registry.call('projects.set_status', { project: 'api', status: 'failed', error });
    expect((await run(['show', 'api'])).stdout).toContain(
      [
        '  status    failed',
        '  error     exit code 1',
        '            Traceback:',
        '              File "x.py"',
        '                at run',
        '            bo\\x1bom',
        '',
      ].join('\n'),
    );
  });

  test('is no wider than the terminal, and says once where the trained files are', async () => {
    const { run, register } = await desk();
    const metadata = { note: 'word '.repeat(40), loss: 0.1 };
    const { project_id: id } = await register('api', { metadata });
    const lines = stripVTControlCharacters((await run(['show', 'api'])).stdout).split('\n');
    expect(lines.filter((line) => line.length > 80)).toEqual([]);
    expect(lines).toEqual(
      expect.arrayContaining([
        `  data      ~/projects/${id}/`,
        '  adapter   lora_adapter.bin',
        '  vectors   vector_store',
        '  context   context.json',
        '            loss: 0.1',
      ]),
    );
  });

  test('has whole paths where trained files are in several places', async () => {
    const { run, register, registry } = await desk();
    const { project_id: id } = await register('api');
    await registry.call('projects.update', { project: 'api', lora_adapter_path: '/mnt/big/api.bin' });
    const { stdout } = await run(['show', 'api']);
    expect(stripVTControlCharacters(stdout)).toContain(
      `  adapter   /mnt/big/api.bin\n  vectors   ~/projects/${id}/vector_store\n`,
    );
  });
});

test('an error is broken between words, and a command that is advised is not', async () => {
  const { run, register, home } = await desk({ columns: 50 });
  await register('api');
  const far = 'a name that is as long as people sometimes write them';
  const add = await run(['add', 'src/api', '--name', 'a/b']);
  expect(stripVTControlCharacters(add.stderr)).toBe(
    [
      'gardener: cannot use the name "a/b": the name',
      '  contains /',
      'try: another name: at most 255 characters, and',
      '  none of < > : " / \\ | ? *',
      '',
    ].join('\n'),
  );
  await register('b');
  await register(far);
  const taken = await run(['add', 'src/b', '--name', far]);
  expect(stripVTControlCharacters(taken.stderr).split('\n')).toEqual([
    'gardener: cannot register "a name that is as long',
    '  as people sometimes write them": the name',
    '  belongs to ~/src/a name that is as long as',
    '  people sometimes write them',
    `try: gardener --data-dir ${home} add src/b --name <another name>`,
    '',
  ]);
});

test('which says why, for somebody who looks', async () => {
  const { run, register } = await desk();
  await register('api');
  expect(stripVTControlCharacters((await run(['which'])).stdout)).toBe('api  (the active project)\n');
  expect(stripVTControlCharacters((await run(['which', 'src/api'])).stdout)).toBe('api  (as named)\n');
});

test('add says what comes next', async () => {
  const { run, daemon, home } = await desk();
  await daemon.codebase('api');
  await daemon.codebase('web');
  const first = await run(['add', 'src/api']);
  expect(stripVTControlCharacters(first.stderr)).toBe('it is the active project\n');
  const second = await run(['add', 'src/web']);
  expect(stripVTControlCharacters(second.stderr)).toBe(
    `make it the active project: gardener --data-dir ${home} use web\n`,
  );
});

describe('rm asks', () => {
  test('and does what the answer says', async () => {
    const { run, register, registry } = await desk();
    await register('api');
    await register('web');
    const question = 'remove api from the registry, with trained data? the code stays [y/N] ';
    expect(await run(['rm', 'api'], ['n'])).toEqual({
      code: 1,
      stdout: '',
      stderr: `${question}nothing was removed\n`,
    });
    expect((await run(['rm', 'api'], [''])).stderr).toContain('nothing was removed');
    expect(await run(['rm', 'api'])).toMatchObject({ code: 1, stderr: `${question}\nnothing was removed\n` });
    expect(await registry.call('projects.count')).toBe(2);
    const gone = await run(['rm', 'api', 'web', '--keep-files'], ['Yes']);
    expect(stripVTControlCharacters(gone.stderr)).toMatch(
      /^remove 2 projects \(api, web\) from the registry, keeping trained data\? the code stays \[y\/N\] to bring them back: gardener .*undo, once for each\n$/,
    );
    expect(stripVTControlCharacters(gone.stdout)).toBe('removed api\nremoved web\n');
    expect(await registry.call('projects.count')).toBe(0);
  });

  test('only once everything named is there', async () => {
    const { run, register } = await desk();
    await register('api');
    const { code, stderr } = await run(['rm', 'api', 'nope'], ['y']);
    expect(code).toBe(1);
    expect(stderr).not.toContain('[y/N]');
  });
});

describe('edit opens an editor', () => {
  /** An editor that leaves one text after another, and whatever else a test wants to happen meanwhile. */
  async function editor({ home, env }: Desk, texts: readonly string[], meanwhile = ''): Promise<void> {
    // What the command line keeps for the person goes with the home.
    vi.stubEnv('TMPDIR', home);
    onTestFinished(() => void vi.unstubAllEnvs());
    const script = join(home, 'editor');
    await writeFile(join(home, 'count'), '0');
    for (const [index, text] of texts.entries()) await writeFile(join(home, `text${index}`), text);
    await writeFile(
      script,
      `#!/bin/sh\ncd ${home}; n=$(cat count); echo $((n + 1)) > count; echo "$1" > edited\n${meanwhile}\ncp text$n "$1"\n`,
    );
    await chmod(script, 0o755);
    env['VISUAL'] = script;
  }

  async function edited(here: Desk, change: (document: Record<string, unknown>) => object): Promise<string> {
    const document = JSON.parse(editableText(await here.get('api'))) as Record<string, unknown>;
    return JSON.stringify(change(document));
  }

  test('and changes what was changed there', async () => {
    const here = await desk();
    await here.register('api');
    await editor(here, [await edited(here, (document) => ({ ...document, name: 'pay', tags: ['x'] }))]);
    const { code, stdout } = await here.run(['edit', 'api']);
    expect({ code, stdout: stripVTControlCharacters(stdout) }).toEqual({ code: 0, stdout: 'changed pay\n' });
    expect(await here.get('pay')).toMatchObject({ name: 'pay', tags: ['x'], language: 'go' });
    const file = (await readFile(join(here.home, 'edited'), 'utf8')).trim();
    await expect(readFile(file)).rejects.toThrow('ENOENT');
  });

  test('and does nothing when nothing was', async () => {
    const here = await desk();
    const project = await here.register('api');
    here.env['EDITOR'] = 'true';
    expect(await here.run(['edit', 'api'])).toMatchObject({ code: 0, stdout: 'nothing was changed\n' });
    expect((await here.get('api')).etag).toBe(project.etag);
  });

  test('again after a mistake, until it is right', async () => {
    const here = await desk();
    await here.register('api');
    const good = await edited(here, (document) => ({ ...document, language: 'rust' }));
    await editor(here, ['{"name": }', '{"name": "a/b"}', '{"nam": "x"}', good]);
    const { code, stderr } = await here.run(['edit', 'api'], ['', 'y', 'yes']);
    expect(code).toBe(0);
    expect(stderr.split('edit again? [Y/n] ')).toEqual([
      'gardener: cannot read what you wrote: line 1, column 10: a value is expected\n',
      'gardener: cannot use the name "a/b": the name contains /\n',
      'gardener: cannot change nam: there is no such field\n',
      '',
    ]);
    expect((await here.get('api')).language).toBe('rust');
  });

  test('and not again at the end of the input', async () => {
    const here = await desk();
    await here.register('api');
    await editor(here, ['{"name": ', '{"name": ']);
    const { code, stderr } = await here.run(['edit', 'api']);
    expect(code).toBe(1);
    expect(stderr.match(/edit again/g)).toHaveLength(1);
  });

  test('and keeps what was written when the person gives up', async () => {
    const here = await desk();
    await here.register('api');
    await editor(here, ['{"name": ']);
    const { code, stderr } = await here.run(['edit', 'api'], ['n']);
    expect(code).toBe(1);
    const file = /what you wrote is in\s+(.*)\n/.exec(stderr)?.[1] ?? '';
    expect(await readFile(file, 'utf8')).toBe('{"name": ');
  });

  test('and keeps what was written by one that then fails', async () => {
    const here = await desk();
    await here.register('api');
    await editor(here, ['{"name": "pay"}'], 'cp text$n "$1"; exit 3');
    const { code, stderr } = await here.run(['edit', 'api']);
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: expect.stringContaining('ended with 3\n') as string,
    });
    const file = /what you wrote is in\s+(.*)\n/.exec(stderr)?.[1] ?? '';
    expect(await readFile(file, 'utf8')).toBe('{"name": "pay"}');
  });

  test('and keeps nothing of one that fails and has written nothing', async () => {
    const here = await desk();
    await here.register('api');
    await editor(here, [], 'exit 3');
    const { code, stderr } = await here.run(['edit', 'api']);
    expect(code).toBe(1);
    expect(stderr).not.toContain('what you wrote');
    const file = (await readFile(join(here.home, 'edited'), 'utf8')).trim();
    await expect(readdir(dirname(file))).rejects.toThrow('ENOENT');
  });

  test('and keeps what was written when the person presses Ctrl-C at the question', async (context) => {
    requireTools(context, 'tmux');
    const here = await desk();
    await here.register('api');
    await editor(here, ['{"name": ']);
    // The shell that tells how it ended gets Ctrl-C, too.
    const words = `trap : INT; "${process.execPath}" "${builtProgram('gardener.js')}" edit api --data-dir "${here.home}" --no-start`;
    const { shows, type } = await tmuxTerminal(words, {
      columns: 200,
      env: { ...here.env, TMPDIR: here.home },
    });
    await shows('edit again? [Y/n]');
    await type('C-c');
    const screen = await shows('ended with 130');
    const file = /what you wrote is in\s+(.*)\n/.exec(screen)?.[1] ?? '';
    expect(await readFile(file, 'utf8')).toBe('{"name": ');
  });

  test('and is not disturbed by who uses the project meanwhile', async () => {
    const here = await desk();
    await here.register('api');
    const text = await edited(here, (document) => ({ ...document, tags: ['mine'] }));
    await editor(here, [text]);
    const running = here.run(['edit', 'api']);
    await here.registry.call('projects.touch', { project: 'api' });
    expect((await running).code).toBe(0);
    expect((await here.get('api')).tags).toEqual(['mine']);
  });

  test('but does not write over what somebody else changed', async () => {
    const here = await desk();
    await here.register('api');
    const fifo = join(here.home, 'theirs');
    await editor(
      here,
      [await edited(here, (document) => ({ ...document, tags: ['mine'] }))],
      `until [ -e ${fifo} ]; do :; done`,
    );
    const running = here.run(['edit', 'api']);
    // Once the editor is open the project has been read.
    await until(() => readFile(join(here.home, 'edited'), 'utf8').catch(() => ''), 'the editor is open');
    await here.registry.call('projects.update', { project: 'api', tags: ['theirs'] });
    await writeFile(fifo, '');
    const { code, stderr } = await running;
    expect(code).toBe(1);
    expect(stripVTControlCharacters(stderr)).toMatch(/cannot change tags: somebody else changed it/);
    expect((await here.get('api')).tags).toEqual(['theirs']);
  });

  test('and says so when there is none', async () => {
    const here = await desk();
    await here.register('api');
    here.env['EDITOR'] = 'no-such-editor 2>/dev/null';
    expect(await here.run(['edit', 'api'])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('cannot edit: no-such-editor') as string,
    });
  });
});
