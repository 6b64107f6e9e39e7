import { mkdir, readdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { commandLine } from '../../support/cli.ts';
import { connectLines } from '../../support/lines.ts';

describe('add', () => {
  test('registers a directory under its name, with language and number of files', async () => {
    const cli = await commandLine();
    const path = await cli.codebase('src/payments', { 'a.ts': '', 'b.ts': '', 'README.md': '' });
    const { code, stdout, stderr } = await cli.run(['add', 'src/payments']);
    expect({ code, stdout, stderr }).toEqual({
      code: 0,
      stdout: 'added payments  typescript, 3 files  ~/src/payments\n',
      stderr: '',
    });
    expect(await cli.json(['show', 'payments'])).toMatchObject({
      name: 'payments',
      source_path: path,
      language: 'typescript',
      file_count: 3,
      tags: [],
    });
  });

  test('takes what it is told before what it finds out', async () => {
    const cli = await commandLine();
    const path = await cli.codebase('src/payments', { 'a.ts': '' });
    await cli.codebase('other', {});
    await cli.run(['add', 'other']);
    const words = ['add', '--name', 'Pay', '--language', 'elvish', '--tag', 'work', '--tag', 'go', '--use'];
    expect(await cli.json(words, { cwd: path })).toMatchObject({
      name: 'Pay',
      source_path: path,
      language: 'elvish',
      file_count: 1,
      tags: ['work', 'go'],
    });
    expect(await cli.json(['which'])).toMatchObject({ project: { name: 'Pay' }, resolved_by: 'active' });
  });

  test('twice is friendly, also when the project has another name by now', async () => {
    const cli = await commandLine();
    const path = await cli.codebase('src/payments', { 'a.ts': '' });
    const first = await cli.json(['add', path]);
    expect(await cli.json(['add', 'src/../src/payments/'])).toEqual(first);
    expect((await cli.run(['add', path])).stdout).toBe('already registered payments  ~/src/payments\n');
    await cli.run(['edit', 'payments', '--name', 'pay']);
    expect((await cli.run(['add', path])).stdout).toBe('already registered pay  ~/src/payments\n');
    expect(await cli.json(['call', 'projects.count'])).toBe(1);
    expect(await cli.json(['add', path, '--name', 'second'])).toMatchObject({ name: 'second' });
  });

  test('says what to do when the name belongs to another directory', async () => {
    const cli = await commandLine();
    await cli.codebase('one/api', {});
    await cli.codebase('two/api', {});
    await cli.run(['add', 'one/api']);
    const { code, stderr } = await cli.run(['add', 'two/api']);
    expect(code).toBe(1);
    expect(stderr).toBe(
      `gardener: cannot register "api": the name belongs to ~/one/api\n` +
        'try: gardener add two/api --name <another name>\n',
    );
  });

  test('makes a name of a directory that could not be one', async () => {
    const cli = await commandLine();
    await cli.codebase('src/what? a "name"', {});
    expect(await cli.json(['add', 'src/what? a "name"'])).toMatchObject({ name: 'what- a -name-' });
    expect(await cli.run(['add', '/'])).toMatchObject({ code: 2, stdout: '' });
  });

  test('keeps the path as the person wrote it', async () => {
    const cli = await commandLine();
    const real = await cli.codebase('real', {});
    const link = join(cli.home, 'link');
    await symlink(real, link);
    expect(await cli.json(['add'], { cwd: real, env: { PWD: link } })).toMatchObject({ source_path: link });
    await cli.json(['use', '--none']);
    expect(await cli.json(['which'], { cwd: real })).toMatchObject({ resolved_by: 'cwd' });
    expect(await cli.json(['which'], { cwd: link, env: { PWD: link } })).toMatchObject({
      resolved_by: 'cwd',
    });
  });

  test('is found again through a link to it', async () => {
    const cli = await commandLine();
    const real = await cli.codebase('real', {});
    const link = join(cli.home, 'link');
    await symlink(real, link);
    await cli.run(['add', real]);
    await cli.run(['use', '--none']);
    expect(await cli.json(['which'], { cwd: real, env: { PWD: link } })).toMatchObject({
      resolved_by: 'cwd',
    });
  });

  test.each([
    ['a file', 'file.txt', 'it is no directory'],
    ['nothing', 'nothing', 'there is no such directory'],
  ])('refuses %s', async (_what, name, reason) => {
    const cli = await commandLine();
    await cli.codebase('.', { 'file.txt': '' });
    const { code, stdout, stderr } = await cli.run(['add', name, '--json']);
    expect(code).toBe(1);
    expect(stderr).toContain(`gardener: cannot use ~/${name}: ${reason}\n`);
    expect(JSON.parse(stdout)).toMatchObject({
      error: { code: 1004, data: { kind: 'source_path_missing' } },
    });
  });
});

test('ls shows what fits, and for programs everything', async () => {
  const cli = await commandLine();
  expect(await cli.run(['ls'])).toMatchObject({
    code: 0,
    stdout: '',
    stderr: 'no projects yet; to add one: gardener add <path>\n',
  });
  await cli.codebase('src/日本語', { 'a.py': '' });
  await cli.codebase('src/api', { 'a.go': '', 'b.go': '' });
  await cli.run(['add', 'src/日本語', '--tag', 'work']);
  await cli.run(['add', 'src/api']);
  expect((await cli.run(['ls'])).stdout).toBe(
    [
      '  NAME    STATUS       LANGUAGE  FILES  USED   PATH',
      '  api     not started  go            2  never  ~/src/api',
      '* 日本語  not started  python        1  never  ~/src/日本語',
      '',
    ].join('\n'),
  );
  const names = async (...words: string[]) =>
    ((await cli.json(['ls', ...words])) as { projects: { name: string }[] }).projects.map(({ name }) => name);
  expect(await names()).toEqual(['api', '日本語']);
  expect(await names('--tag', 'work')).toEqual(['日本語']);
  expect(await names('--language', 'go', '--status', 'not-started')).toEqual(['api']);
  // In name or path; the home of the test has letters of its own.
  expect(await names('SRC/AP')).toEqual(['api']);
  expect(await names('--status', 'failed')).toEqual([]);
  expect(await cli.run(['ls', '--status', 'failed'])).toMatchObject({
    code: 0,
    stderr: 'no project fits; to see all: gardener ls\n',
  });
});

test('ls asks for page after page', async () => {
  const cli = await commandLine();
  await cli.run(['daemon', 'start']);
  const daemon = await connectLines(join(cli.dataDir, 'run', 'registry.sock'));
  const names = Array.from({ length: 1_010 }, (_, index) => `p${index}`);
  await Promise.all(names.map((name) => daemon.call('projects.register', { name, source_path: cli.home })));
  const { projects } = (await cli.json(['ls'])) as { projects: { name: string }[] };
  expect(projects.map(({ name }) => name)).toEqual(names.toSorted());
});

describe('the project that is meant', () => {
  test('is the one named, the environment’s, the one around, the active one, in this order', async () => {
    const cli = await commandLine();
    const api = await cli.codebase('src/api', { 'deep/x.go': '' });
    for (const name of ['web', 'cron']) {
      await cli.codebase(`src/${name}`, {});
      await cli.run(['add', `src/${name}`]);
    }
    await cli.run(['add', api]);
    const which = (words: string[], options = {}) => cli.json(['which', ...words], options);
    const inside = { cwd: join(api, 'deep') };
    const env = { CODEBASE_GARDENER_PROJECT: 'cron' };
    expect(await which(['web'], { ...inside, env })).toMatchObject({
      project: { name: 'web' },
      resolved_by: 'argument',
    });
    expect(await which([], { ...inside, env })).toMatchObject({
      project: { name: 'cron' },
      resolved_by: 'env',
    });
    expect(await which([], inside)).toMatchObject({ project: { name: 'api' }, resolved_by: 'cwd' });
    expect(await which([])).toMatchObject({ project: { name: 'web' }, resolved_by: 'active' });
    expect(await which(['.'], inside)).toMatchObject({ project: { name: 'api' }, resolved_by: 'argument' });
    expect(await which([], { env: { CODEBASE_GARDENER_PROJECT: './src/api' } })).toMatchObject({
      project: { name: 'api' },
    });
    expect((await cli.run(['which'], inside)).stdout).toBe('api\n');
  });

  test('is asked for when there is none', async () => {
    const cli = await commandLine();
    expect(await cli.run(['show'])).toMatchObject({
      code: 1,
      stdout: '',
      stderr:
        'gardener: cannot tell which project is meant: none is given and none is active\n' +
        'try: gardener add .\n',
    });
    await cli.json(['add', await cli.codebase('web', {})]);
    await cli.json(['use', '--none']);
    expect((await cli.run(['show'])).stderr).toContain(
      'try: gardener ls, then name a project or make one active: gardener use <project>\n',
    );
  });

  test('is asked about when a name is nearly right', async () => {
    const cli = await commandLine();
    await cli.codebase('payments', {});
    await cli.run(['add', 'payments']);
    expect(await cli.run(['show', 'paymnets', '--json'])).toMatchObject({
      code: 1,
      stderr:
        'gardener: cannot find project "paymnets": no project has this name or id; did you mean payments?\n',
      stdout: expect.stringContaining('"project_not_found"') as string,
    });
  });
});

test('use changes the active project, and takes none', async () => {
  const cli = await commandLine();
  for (const name of ['web', 'api']) {
    await cli.codebase(`src/${name}`, {});
    await cli.run(['add', `src/${name}`]);
  }
  expect((await cli.run(['use', 'src/api'])).stdout).toBe('active now: api  ~/src/api\n');
  expect(await cli.json(['use', 'WEB'])).toMatchObject({ active_project: { name: 'web' } });
  expect((await cli.run(['use', '--none'])).stdout).toBe('no project is active now\n');
  expect(await cli.json(['call', 'projects.active'])).toMatchObject({
    active_project: null,
    previous_project: { name: 'web' },
  });
  expect(await cli.run(['use'])).toMatchObject({ code: 2 });
  expect(await cli.run(['use', 'web', '--none'])).toMatchObject({ code: 2 });
});

describe('edit', () => {
  test('that changes nothing says so, and moves nothing', async () => {
    const cli = await commandLine();
    const before = await cli.json(['add', await cli.codebase('web', {})]);
    const file = join(cli.dataDir, 'registry.json');
    const text = await readFile(file, 'utf8');
    const untagged = await cli.run(['edit', 'web', '--untag', 'nosuch']);
    expect(untagged).toMatchObject({ code: 0, stdout: 'nothing to change in web\n', stderr: '' });
    expect(await cli.json(['edit', 'web', '--name', 'web'])).toEqual(before);
    expect(await readFile(file, 'utf8')).toBe(text);
  });

  test('changes what its flags say and nothing else', async () => {
    const cli = await commandLine();
    await cli.codebase('src/api', { 'a.go': '' });
    const moved = await cli.codebase('src/moved', { 'a.rs': '', 'b.rs': '' });
    await cli.run(['add', 'src/api', '--tag', 'old', '--tag', 'work']);
    const words = ['edit', 'api', '--name', 'API 2', '--path', 'src/moved', '--tag', 'new', '--untag', 'old'];
    expect(await cli.json([...words, '--meta', 'owner="ada"', '--meta', 'depth={"max": 3}'])).toMatchObject({
      name: 'API 2',
      source_path: moved,
      language: 'go',
      file_count: 1,
      tags: ['work', 'new'],
      metadata: { owner: 'ada', depth: { max: 3 } },
    });
    expect((await cli.run(['edit', 'API 2', '--rescan'])).stdout).toBe('changed API 2  rust, 2 files\n');
    expect(await cli.json(['edit', 'api 2', '--meta', 'owner=null', '--file-count', '9'])).toMatchObject({
      language: 'rust',
      file_count: 9,
      metadata: { depth: { max: 3 } },
    });
  });

  test('wants JSON for metadata, and says how to write a text', async () => {
    const cli = await commandLine();
    const { code, stderr } = await cli.run(['edit', 'api', '--meta', 'owner=ada']);
    expect(code).toBe(2);
    expect(stderr).toContain('cannot read --meta owner=ada: the value is no JSON, line 1, column 1');
    expect(stderr).toContain(`try: --meta 'owner="ada"' for a text`);
    expect(await cli.run(['edit', 'api', '--meta', 'owner'])).toMatchObject({ code: 2 });
    expect(await cli.run(['edit', 'api', '--file-count', '-1'])).toMatchObject({ code: 2 });
  });

  test('opens no editor for a program', async () => {
    const cli = await commandLine();
    const { code, stderr } = await cli.run(['edit', 'api'], { env: { EDITOR: 'touch edited' } });
    expect({ code, stderr }).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('this is no terminal') as string,
    });
    expect(await readdir(cli.home)).not.toContain('edited');
  });

  test('holds against others who change the same project', async () => {
    const cli = await commandLine();
    await cli.codebase('api', {});
    await cli.run(['add', 'api']);
    const tags = Array.from({ length: 6 }, (_, index) => `t${index}`);
    const ends = await Promise.all(tags.map((tag) => cli.run(['edit', 'api', '--tag', tag])));
    expect(ends.map(({ code, stderr }) => `${code}${stderr}`)).toEqual(tags.map(() => '0'));
    const { tags: after } = (await cli.json(['show', 'api'])) as { tags: string[] };
    expect(after.toSorted()).toEqual(tags);
  });
});

describe('rm', () => {
  test('asks for --yes where nobody can be asked', async () => {
    const cli = await commandLine();
    await cli.codebase('api', {});
    await cli.run(['add', 'api']);
    expect(await cli.run(['rm', 'api'])).toMatchObject({
      code: 2,
      stderr: 'gardener: cannot remove without asking: this is no terminal\ntry: gardener rm --yes api\n',
    });
    expect(await cli.json(['call', 'projects.count'])).toBe(1);
  });

  test('removes each once, or nothing when one is not there', async () => {
    const cli = await commandLine();
    for (const name of ['api', 'web', 'cron']) {
      await cli.codebase(name, { 'a.go': '' });
      await cli.run(['add', name]);
    }
    expect(await cli.run(['rm', '--yes', 'api', 'nope'])).toMatchObject({ code: 1, stdout: '' });
    expect(await cli.json(['call', 'projects.count'])).toBe(3);
    expect(await cli.run(['rm', '--yes', 'api', './api'])).toMatchObject({
      code: 0,
      stdout: 'removed api\n',
      stderr: expect.stringMatching(/^active now: (cron|web)\n$/),
    });
    expect(await cli.json(['rm', '--yes', 'web'])).toMatchObject({
      removed: [{ name: 'web' }],
      active_project: { name: 'cron' },
    });
    expect(await cli.json(['rm', '--yes', 'cron'])).toMatchObject({
      removed: [{ name: 'cron' }],
      active_project: null,
    });
    expect(await readdir(join(cli.home, 'api'))).toEqual(['a.go']);
  });

  test('says what could not be deleted, and the doctor does too and blames no edit for it', async () => {
    const cli = await commandLine();
    for (const name of ['api', 'web']) {
      await cli.codebase(name, { 'a.go': '' });
      await cli.run(['add', name]);
    }
    const { project_id: id } = (await cli.json(['show', 'api'])) as { project_id: string };
    const projects = join(cli.dataDir, 'projects');
    await rename(projects, join(cli.home, 'elsewhere'));
    await symlink(join(cli.home, 'elsewhere'), projects);
    // From now on there is a backup, of before an edit, that has it.
    const file = join(cli.dataDir, 'registry.json');
    await writeFile(file, (await readFile(file, 'utf8')).replaceAll('"tags": []', '"tags": ["x"]'));
    await cli.run(['call', 'registry.reload']);
    expect(await cli.run(['rm', '--yes', 'api'])).toEqual({
      code: 1,
      signal: null,
      stdout: 'removed api\n',
      stderr: `note: trained data of api stay in ~/.codebase-gardener/projects/${id}: ~/.codebase-gardener/projects is a link, and nothing is deleted through one
try: gardener doctor, which says what is in the way; then gardener doctor --fix
active now: web
`,
    });
    const looked = async (...flags: string[]): Promise<unknown[]> => {
      const { stdout } = await cli.run(['doctor', '--json', ...flags]);
      const { findings } = JSON.parse(stdout) as { findings: { check: string; level: string }[] };
      return findings.filter(({ level }) => level !== 'ok').map(({ check }) => check);
    };
    // Also the next daemon knows.
    await cli.run(['daemon', 'stop']);
    expect(await looked()).toEqual(['projects.left_behind']);
    expect(await looked('--fix')).toEqual(['projects.left_behind']);
    await rm(projects);
    await rename(join(cli.home, 'elsewhere'), projects);
    expect(await looked('--fix')).toEqual([]);
    expect(await readdir(projects)).toHaveLength(1);

    await rename(projects, join(cli.home, 'elsewhere'));
    await symlink(join(cli.home, 'elsewhere'), projects);
    const { code, stdout } = await cli.run(['rm', '--yes', '--json', 'web']);
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({
      removed: [
        { name: 'web', left: [{ path: expect.any(String), reason: expect.stringContaining('is a link') }] },
      ],
    });
  });

  test('says what stays because it lies elsewhere, which is no failure', async () => {
    const cli = await commandLine();
    const adapter = join(cli.home, 'models', 'api.bin');
    await cli.codebase('models', { 'api.bin': 'weights' });
    const params = (name: string): string =>
      JSON.stringify({ project: name, lora_adapter_path: adapter, file_count: 1 });
    for (const name of ['api', 'web']) {
      await cli.codebase(name, {});
      await cli.run(['add', name]);
      await cli.json(['call', 'projects.update', params(name)]);
    }
    expect(await cli.run(['rm', '--yes', 'api'])).toMatchObject({
      code: 0,
      stdout: 'removed api\n',
      stderr:
        "note: trained data of api stay in ~/models/api.bin: it lies outside of the project's own directory\nactive now: web\n",
    });
    expect(await cli.json(['rm', '--yes', 'web'])).toMatchObject({
      removed: [
        { name: 'web', kept: [{ path: adapter, reason: expect.stringContaining('outside') as string }] },
      ],
    });
    expect(await readFile(adapter, 'utf8')).toBe('weights');
  });

  test('keeps what training left when told so', async () => {
    const cli = await commandLine();
    await cli.codebase('api', {});
    const project = (await cli.json(['add', 'api'])) as { project_id: string };
    const directory = join(cli.dataDir, 'projects', project.project_id);
    await mkdir(directory, { recursive: true });
    await cli.run(['rm', '--yes', '--keep-files', 'api']);
    expect(await readdir(join(cli.dataDir, 'projects'))).toEqual([project.project_id]);
  });
});

test('retrain makes a project wait for training, with the reason', async () => {
  const cli = await commandLine();
  await cli.codebase('api', {});
  await cli.run(['add', 'api']);
  expect((await cli.run(['retrain', 'api', '--reason', 'new base model'])).stdout).toBe(
    'api waits for training now\n',
  );
  expect(await cli.json(['show', 'api'])).toMatchObject({
    training_status: 'not_started',
    retrain_requested: { reason: 'new base model' },
  });
  expect((await cli.run(['show', 'api'])).stdout).toMatch(/retrain +requested just now: new base model\n/);
});
