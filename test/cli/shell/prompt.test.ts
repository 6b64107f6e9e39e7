/** `gardener_prompt`: the project that `gardener which` names, by the file or the socket, in the real shells. */
import { mkdir, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { standIn } from '../../client/stand-in.ts';
import { environment, temporaryDirectory } from '../../support/home.ts';
import { requireTools } from '../../support/tools.ts';
import { until } from '../../support/until.ts';
import { runIn, type Shell, SHELLS } from './shells.ts';

const IDS = ['aaaaaaaa-0000-4000-8000-000000000001', 'aaaaaaaa-0000-4000-8000-000000000002'];

/** A home with a registry file of projects in it: name by directory. The first is active. */
async function homeWith(
  projects: Readonly<Record<string, string>>,
  write: (document: object) => string = (document) => `${JSON.stringify(document, null, 2)}\n`,
): Promise<string> {
  const home = await temporaryDirectory();
  const entries = await Promise.all(
    Object.entries(projects).map(async ([directory, name], at) => {
      const path = join(home, directory);
      await mkdir(path, { recursive: true });
      const id = IDS[at] ?? `aaaaaaaa-0000-4000-8000-00000000000${at + 1}`;
      // As the daemon writes one, with what looks like a project in it.
      const metadata = { nested: { name: 'not this', source_path: path } };
      return [id, { project_id: id, name, source_path: path, tags: ['a, "b"'], metadata }] as const;
    }),
  );
  const document = { version: '1.2', active_project: IDS[0], projects: Object.fromEntries(entries) };
  await mkdir(join(home, '.codebase-gardener/run'), { recursive: true });
  await writeFile(join(home, '.codebase-gardener/registry.json'), write(document));
  return home;
}

async function prompt(
  shell: Shell,
  home: string,
  { cwd = '.', env = {} }: { cwd?: string; env?: NodeJS.ProcessEnv } = {},
): Promise<string> {
  const directory = join(home, cwd);
  const { stdout, stderr } = await runIn(shell, 'gardener_prompt', {
    env: { ...environment(home), PWD: directory, ...env },
    cwd: directory,
  });
  expect(stderr).toBe('');
  return stdout.replace(/\n$/, '');
}

describe.each(Object.keys(SHELLS) as Shell[])('in %s', (shell) => {
  test('is the project around the working directory, the one in the environment or the active one', async (context) => {
    requireTools(context, shell);
    const home = await homeWith({ 'src/web': 'web', 'src/web/api/v2': 'API two', 'src/twice': 'one' });
    await mkdir(join(home, 'src/web/api/v2/deep/er'), { recursive: true });
    expect(await prompt(shell, home)).toBe('web');
    expect(await prompt(shell, home, { cwd: 'src/web/api/v2/deep/er' })).toBe('API two');
    expect(await prompt(shell, home, { cwd: 'src/web/api' })).toBe('web');
    const named = (text: string) => prompt(shell, home, { env: { CODEBASE_GARDENER_PROJECT: text } });
    expect(await named('api TWO')).toBe('API two');
    expect(await named(IDS[1] ?? '')).toBe('API two');
    expect(await named('~/src/web/api/v2/deep')).toBe('API two');
    expect(await named('./src/twice/')).toBe('one');
    expect(await named('nobody')).toBe('');
    expect(await named('/')).toBe('');
  });

  test('is nothing where nothing is registered, or somewhere else', async (context) => {
    requireTools(context, shell);
    expect(await prompt(shell, await temporaryDirectory())).toBe('');
    const home = await homeWith({ web: 'web' });
    expect(await prompt(shell, home, { env: { CODEBASE_GARDENER_SOCKET: '/nowhere' } })).toBe('');
    expect(await prompt(shell, home, { env: { CODEBASE_GARDENER_DATA_DIR: '/nowhere' } })).toBe('');
    const other = { CODEBASE_GARDENER_DATA_DIR: '~/other' };
    await mkdir(join(home, 'other'));
    await writeFile(join(home, 'other/registry.json'), '{"version": "1.2", "proj');
    expect(await prompt(shell, home, { env: other })).toBe('');
    // Which every command refuses.
    expect(await prompt(shell, home, { env: { CODEBASE_GARDENER_DATA_DIR: '.codebase-gardener' } })).toBe('');
    const long = await homeWith({ web: 'web' }, (document) =>
      JSON.stringify({ ...document, x: 'x'.repeat(1e6) }),
    );
    expect(await prompt(shell, long)).toBe('');
  });

  test('is that of the repository in a linked worktree, and of the directory behind a link', async (context) => {
    requireTools(context, shell);
    const home = await homeWith({ other: 'active', 'repo/pkg': 'package', repo: 'repository' });
    const kept = join(home, 'repo/.git/worktrees/linked');
    await mkdir(kept, { recursive: true });
    await mkdir(join(home, 'linked/pkg/lib'), { recursive: true });
    await writeFile(join(home, 'linked/.git'), `gitdir: ${kept}\n`);
    await symlink(join(home, 'repo/pkg'), join(home, 'link'));
    expect(await prompt(shell, home, { cwd: 'link' })).toBe('package');
    // Anybody can write down a directory; git has made one that names its repository.
    expect(await prompt(shell, home, { cwd: 'linked/pkg/lib' })).toBe('active');
    await writeFile(join(kept, 'commondir'), '../..\n');
    expect(await prompt(shell, home, { cwd: 'linked/pkg/lib' })).toBe('package');
    expect(await prompt(shell, home, { cwd: 'linked' })).toBe('repository');
  });

  test('is what is around a directory that is gone or named, behind its links, too', async (context) => {
    requireTools(context, shell);
    const home = await homeWith({ other: 'active', src: 'around', 'repo/lib': 'library' });
    await symlink(join(home, 'repo/lib'), join(home, 'src/link'));
    const gone = async (cwd: string): Promise<string> => {
      await mkdir(join(home, cwd));
      const script = `cd ${cwd}; rm -r "$PWD"; gardener_prompt`;
      return (await runIn(shell, script, { env: environment(home), cwd: home })).stdout;
    };
    expect(await gone('src/link/gone')).toBe('library\n');
    expect(await gone('gone')).toBe('');
    const named = (text: string) => prompt(shell, home, { env: { CODEBASE_GARDENER_PROJECT: text } });
    expect(await named('~/src/link/x')).toBe('library');
    expect(await named(' Library ')).toBe('library');
    await mkdir(join(home, 'src/a\nb/c'), { recursive: true });
    expect(await prompt(shell, home, { cwd: 'src/a\nb/c' })).toBe('around');
    await rm(join(home, 'src/link'));
    expect(await named('~/src/link')).toBe('around');
  });

  test('runs nothing of a name, and sends nothing of it that a terminal obeys', async (context) => {
    requireTools(context, shell);
    const home = await homeWith({ web: 'a$(touch pwned)`touch pwned`\\x 100% \x1b]0;x\x07\u202e\u009b日本' });
    const shown = {
      bash: 'a?(touch pwned)?touch pwned??x 100% ?]0;x???日本',
      zsh: 'a?(touch pwned)?touch pwned??x 100%% ?]0;x???日本',
      fish: 'a$(touch pwned)`touch pwned`\\x 100% ?]0;x???日本',
    };
    expect(await prompt(shell, home)).toBe(shown[shell]);
    // Put into the prompt in the way that would run it.
    const twice = {
      bash: 'PS1="$(gardener_prompt) $ "; shopt -s promptvars; printf %s "${PS1@P}"',
      zsh: 'setopt prompt_subst; PROMPT="$(gardener_prompt) $ "; print -nP -- "$PROMPT"',
      fish: 'function fish_prompt; echo -n (gardener_prompt)" \\$ "; end; fish_prompt',
    };
    const { stdout } = await runIn(shell, twice[shell], { env: environment(home), cwd: home });
    expect(stdout).toBe(`${shown[shell].replace('%%', '%')} $ `);
    expect(await readdir(home)).not.toContain('pwned');
  });

  test('leaves the exit code of the command before it', async (context) => {
    requireTools(context, shell);
    const home = await homeWith({ web: 'web' });
    const script =
      shell === 'fish'
        ? 'sh -c "exit 7"; gardener_prompt; echo $status'
        : '(exit 7); gardener_prompt; echo $?';
    const { stdout } = await runIn(shell, script, { env: environment(home), cwd: home });
    expect(stdout).toBe('web\n7\n');
  });
});

test.each([
  ['without blanks', (document: object) => JSON.stringify(document)],
  ['with tabulators', (document: object) => JSON.stringify(document, null, '\t')],
  [
    'with the end of lines of Windows',
    (document: object) => JSON.stringify(document, null, 2).replaceAll('\n', '\r\n'),
  ],
  ['with escapes', (document: object) => JSON.stringify(document, null, 2).replace(/[^\0-~]/gu, escaped)],
  [
    'with the active project at the end',
    ({ active_project, ...rest }: { active_project?: string }) =>
      JSON.stringify({ ...rest, active_project }, null, 2),
  ],
  [
    'with a project that somebody wrote into it',
    (document: object) =>
      JSON.stringify(document, null, 2).replace(
        /"name": ("é.*"),\n *("source_path": .*),/,
        '$2, "name": $1,',
      ),
  ],
])('reads a file %s', async (_, write) => {
  const home = await homeWith({ web: 'web', 'a "b"\\c é/x': 'é 🌱 {"}' }, write);
  await mkdir(join(home, 'a "b"\\c é/x/y'));
  expect(await prompt('bash', home, { cwd: 'a "b"\\c é/x/y' })).toBe('é 🌱 {"}');
  expect(await prompt('bash', home)).toBe('web');
});

function escaped(character: string): string {
  return Array.from(
    { length: character.length },
    (_, at) => `\\u${character.charCodeAt(at).toString(16).padStart(4, '0')}`,
  ).join('');
}

describe('zsh asks the daemon', () => {
  const resolved = (name: string) => ({ project: { project_id: IDS[1], name, source_path: '/x' } });

  test('which knows more than the file', async (context) => {
    requireTools(context, 'zsh');
    const home = await homeWith({ web: 'web' });
    const socket = join(home, '.codebase-gardener/run/registry.sock');
    const { received } = await standIn(() => resolved('by daemon $x'), socket);
    await mkdir(join(home, 'a "b"'));
    const asks = async (how: Parameters<typeof prompt>[2], params: object): Promise<void> => {
      // Nobody is waited for long, on a machine that is busy.
      await until(
        async () => (await prompt('zsh', home, how)) === 'by daemon ?x',
        'the answer is waited for',
      );
      const { method, params: asked } = received.at(-1) ?? {};
      expect([method, asked]).toEqual(['projects.resolve', params]);
    };
    await asks({ cwd: 'a "b"' }, { cwd: join(home, 'a "b"') });
    await asks({ env: { CODEBASE_GARDENER_PROJECT: 'it' } }, { env: 'it' });
  });

  test('and goes by the file where that does not answer', async (context) => {
    requireTools(context, 'zsh');
    const home = await homeWith({ web: 'web' });
    const socket = join(home, '.codebase-gardener/run/registry.sock');
    const mute = createServer(() => undefined);
    await new Promise<void>((listening) => mute.listen(socket, listening));
    onTestFinished(() => void mute.close());
    expect(await prompt('zsh', home)).toBe('web');
  });
});
