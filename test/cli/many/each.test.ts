/** `edit` and `retrain` of several projects. */
import { describe, expect, test } from 'vitest';
import { terminal } from '../../support/terminal.ts';
import { begin, get, type World, world } from '../../support/world.ts';

/** A script's `gardener`, whose advice names the registry as that does. */
function script({ paths }: World) {
  const { run } = terminal({ home: paths.dataDir, isTTY: false });
  const json = async (...words: string[]) => {
    const { code, stdout } = await run([...words, '--json']);
    return { code, document: JSON.parse(stdout) as unknown };
  };
  return { run: (...words: string[]) => run(words), json };
}

const NOT_FOUND = 'cannot find project "nope": no project has this name or id';

describe('edit', () => {
  test('changes each once, goes on after one that fails, and tells it', async () => {
    const it = await world(['api', 'web']);
    const { run, json } = script(it);
    const { code, stdout, stderr } = await run(
      'edit',
      'api',
      'nope',
      'API',
      'web',
      '--tag',
      'x',
      '--meta',
      'a=1',
    );
    expect({ code, stdout }).toEqual({ code: 1, stdout: 'changed api\nchanged web\n' });
    expect(stderr).toContain(`skipped nope: ${NOT_FOUND}`);
    for (const name of ['api', 'web'])
      expect(await get(it.writer, name)).toMatchObject({ tags: ['x'], metadata: { a: 1 } });
    expect(await json('edit', 'web', 'nope', '--untag', 'x')).toEqual({
      code: 1,
      document: {
        projects: [expect.objectContaining({ name: 'web', tags: [] })],
        skipped: [{ project_id: null, name: 'nope', reason: 'project_not_found' }],
      },
    });
    expect(await json('edit', 'web', '--tag', 'y')).toMatchObject({ code: 0, document: { tags: ['y'] } });
  });

  test('of one that is named twice tells a failure once, and changes none where a name is empty', async () => {
    const it = await world(['api', 'web']);
    await begin(await it.connect(), 'api');
    const { run } = script(it);
    const { stderr } = await run('retrain', 'api', 'API', 'api', 'web');
    expect(stderr.match(/skipped/g)).toHaveLength(1);
    expect(await run('edit', 'web', '', '--tag', 'x')).toMatchObject({ code: 2, stdout: '' });
    expect(await get(it.writer, 'web')).toMatchObject({ tags: [] });
    const empty = await run('edit', 'web', '--tag', '');
    expect(empty).toMatchObject({ code: 2 });
    expect(empty.stderr).toContain("option '--tag <tag>' argument '' is invalid: it must not be empty");
  });

  test.each([
    [['--name', 'x'], 'cannot give several projects one name', '--name <name> api'],
    [['--path', '.'], 'cannot give several projects one directory', '--path <path> api'],
    [[], 'cannot open an editor for several projects at once', '--tag <tag> api web; '],
  ])('of several takes no %j', async (flags, message, hint) => {
    const { code, stderr } = await terminal({ home: '/nowhere' }).run(['edit', 'api', 'web', ...flags]);
    expect(code).toBe(2);
    expect(stderr.replaceAll(/\s+/g, ' ')).toContain(message);
    expect(stderr).toContain(`edit ${hint}`);
  });
});

describe('retrain', () => {
  test('of several names goes on after one that fails, and tells it', async () => {
    const it = await world(['api', 'web', 'db']);
    await begin(await it.connect(), 'web');
    const { run, json } = script(it);
    const waits = { code: 1, stdout: 'api waits for training now\ndb waits for training now\n' };
    const { stderr, ...ended } = await run('retrain', 'api', 'web', 'nope', 'db', '--reason', 'new model');
    expect(ended).toEqual(waits);
    expect(stderr).toContain(`skipped web: it is being trained\nskipped nope: ${NOT_FOUND}`);
    expect(await get(it.writer, 'db')).toMatchObject({ retrain_requested: { reason: 'new model' } });
    const { project_id: id } = await get(it.writer, 'web');
    expect(await json('retrain', 'db', 'web')).toEqual({
      code: 1,
      document: {
        projects: [expect.objectContaining({ name: 'db' })],
        skipped: [{ project_id: id, name: 'web', reason: 'lease_held' }],
      },
    });
  });

  test('of those that fit skips what is being trained, and keeps the place of what waits', async () => {
    const it = await world([]);
    await it.add('api', { language: 'go', tags: ['a'] });
    await it.add('web', { language: 'go', tags: ['b'] });
    await it.add('db', { tags: ['b'] });
    const { run, json } = script(it);
    const names = ({ document }: { document: unknown }) =>
      (document as { projects: { name: string }[] }).projects.map(({ name }) => name);
    expect(names(await json('retrain', '--language', 'go', '--tag', 'b'))).toEqual(['web']);
    const { retrain_requested: first } = await get(it.writer, 'web');
    expect(names(await json('retrain', '--tag', 'a', '--tag', 'b'))).toEqual(['api', 'db', 'web']);
    await begin(await it.connect(), 'db');
    expect(await run('retrain', '--all', '--reason', 'later')).toEqual({
      code: 0,
      stdout: 'api waits for training now\nweb waits for training now\n',
      stderr:
        'skipped db: it is being trained\nnote: waiting already, so not given the new reason: api, web\n',
    });
    expect(await get(it.writer, 'web')).toMatchObject({ retrain_requested: first });
    expect(await run('retrain', '--tag', 'nope')).toEqual({
      code: 0,
      stdout: '',
      stderr: `no project fits; to see all: gardener --data-dir ${it.paths.dataDir} ls\n`,
    });
    const { stderr } = await terminal({ home: it.paths.dataDir }).run([
      'retrain',
      '--tag',
      'a',
      '--tag',
      'b',
    ]);
    expect(stderr).toContain('2 projects; what waits: ');
  });

  test.each([
    [['--all', 'api'], 'cannot name a project with --all'],
    [['--tag', 'x', 'api'], 'cannot name a project with --tag'],
    [['--all', '--stale'], 'cannot retrain all projects and only some'],
  ])('takes one of the two: %j', async (words, message) => {
    const { code, stderr } = await terminal({ home: '/nowhere' }).run(['retrain', ...words]);
    expect(code).toBe(2);
    expect(stderr).toContain(message);
  });
});
