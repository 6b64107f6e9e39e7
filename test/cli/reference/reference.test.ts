/** The protocol as the command line explains it. */
import { describe, expect, test } from 'vitest';
import { ERROR_KINDS } from '../../../src/domain/errors.ts';
import { events } from '../../../src/protocol/events.ts';
import { exampleData } from '../../../src/protocol/error-data.ts';
import { methods } from '../../../src/protocol/methods.ts';
import { commandLine } from '../../support/cli.ts';

const NAMES = [...Object.keys(methods), ...events.map(({ type }) => type)];

describe('gardener call --help', () => {
  test('shows params, result, errors and an example of a method', async () => {
    const gardener = await commandLine();
    for (const words of [
      ['call', '--help', 'projects.touch'],
      ['call', 'projects.touch', '--help'],
    ]) {
      const { code, stdout } = await gardener.run(words);
      expect(code).toBe(0);
      expect(stdout).toContain('Usage: gardener call projects.touch <json>\n');
      expect(stdout).toMatch(/^Params:\n {2}project: ProjectReference\n {6}a project id,/m);
      expect(stdout).toMatch(/^Result: WireProject: the project as it is now$/m);
      expect(stdout).toMatch(/^ {2}1001 project_not_found: /m);
      expect(stdout).toContain(`  gardener call projects.touch '{"project":"payments"}'\n`);
      expect(stdout).toContain('    "name": "payments",');
    }
  });

  test('says what is in a result and in a parameter, and what words mean', async () => {
    const gardener = await commandLine();
    const { stdout: undo } = await gardener.run(['call', '--help', 'registry.undo']);
    expect(undo).toMatch(/^ {2}undone: object or null\n {6}what was taken back,/m);
    expect(undo).toMatch(/^ {2}undone\.kept: list of DifferingProject\n {6}projects that /m);
    expect(undo).toMatch(/^ {2}DifferingProject: gardener docs DifferingProject$/m);
    const { stdout: register } = await gardener.run(['call', '--help', 'projects.register']);
    expect(register).toMatch(/^ {2}repository\.root_commit: string or null\n {6}id of the first commit;/m);
    const { stdout: list } = await gardener.run(['call', '--help', 'projects.list']);
    expect(list).toMatch(/^ {2}sort: Sort, optional$/m);
    expect(list).toMatch(/^ {2}Sort: an order of projects\. `name`: from a to z;/m);
  });

  test('fits 80 columns, examples aside, however much there is to say', async () => {
    const gardener = await commandLine();
    for (const method of ['projects.register', 'registry.restore', 'training.begin', 'training.complete']) {
      const { stdout } = await gardener.run(['call', '--help', method]);
      const prose = stdout.slice(0, stdout.indexOf('\nExample:'));
      expect(
        prose.split('\n').filter((line) => line.length > 80),
        method,
      ).toEqual([]);
    }
  });

  test('advises nobody to take a lease that would end with the command, which is refused', async () => {
    const gardener = await commandLine();
    for (const method of ['training.begin', 'training.claim', 'training.resume']) {
      const { code, stdout } = await gardener.run(['call', '--help', method]);
      expect({ code, asked: stdout.includes('gardener call') }).toEqual({ code: 0, asked: false });
      const refused = await gardener.run(['call', method, '{"project": "payments", "token": 1}', '--json']);
      expect(refused).toMatchObject({
        code: 2,
        stderr: expect.stringMatching(/ the lease would belong .*\ntry: gardener train /),
      });
      expect(JSON.parse(refused.stdout)).toMatchObject({ error: { data: { kind: 'usage' } } });
    }
  });

  test('knows what may be meant', async () => {
    const gardener = await commandLine();
    const { code, stderr } = await gardener.run(['call', '--help', 'projects.fetch']);
    expect(code).toBe(2);
    expect(stderr).toContain('there is no such method; did you mean projects.register, projects.get or');
  });

  test('without a method is about the command itself, and starts no daemon', async () => {
    const gardener = await commandLine();
    const { code, stdout } = await gardener.run(['call', '--help']);
    expect(code).toBe(0);
    expect(stdout).toContain('Usage: gardener call [options] <method> [json]');
    expect((await gardener.run(['daemon', 'status'])).code).toBe(3);
    expect(await gardener.run(['help', 'call'])).toMatchObject({ code: 0, stdout });
    expect((await gardener.run(['call'])).code).toBe(2);
  });
});

test('gardener docs describes every method, every event, every type and every error', async () => {
  const gardener = await commandLine();
  const { code, stdout } = await gardener.run(['docs']);
  expect(stdout).not.toContain('\\n');
  expect(code).toBe(0);
  const headings = [...stdout.matchAll(/^#+ (.*)$/gm)].map(([, text = '']) => text);
  expect(headings).toEqual(expect.arrayContaining([...NAMES, 'WireProject', 'Errors']));
  for (const [, anchor] of stdout.matchAll(/\]\(#(.*?)\)/g)) {
    expect(headings.map((text) => text.replaceAll('.', ''))).toContain(anchor);
  }
  expect(stdout).toContain('| 1001 | `project_not_found` |');
  expect(stdout).not.toContain('undefined');
  // Tables are tables: as many cells in every row.
  for (const block of stdout
    .trim()
    .split('\n\n')
    .filter((text) => text.startsWith('|'))) {
    const cells = block.split('\n').map((row) => row.split(/(?<!\\)\|/).length);
    expect(new Set(cells).size, block).toBe(1);
  }
});

describe('gardener docs with a name', () => {
  test('prints what has this heading, and nothing else', async () => {
    const gardener = await commandLine();
    for (const [name, headings] of [
      ['removed', ['removed']],
      ['registry.watch', ['registry.watch']],
      ['wireproject', ['WireProject']],
      ['rpc', ['rpc', 'rpc.discover']],
      ['events', ['Events', ...events.map(({ type }) => type)]],
      ['errors', ['Errors', 'invalid_params', ...ERROR_KINDS]],
      ['slot_taken', ['slot_taken']],
      ['rm', ['gardener rm']],
    ] as const) {
      const { code, stdout } = await gardener.run(['docs', name]);
      expect(code).toBe(0);
      expect([...stdout.matchAll(/^#+ (.*)$/gm)].map(([, text]) => text)).toEqual(headings);
    }
  });

  test('shows the fields of an event, and the line that comes', async () => {
    const { stdout } = await (await commandLine()).run(['docs', 'removed']);
    expect(stdout).toContain('\nA project is gone.\n');
    expect(stdout).toContain('\n| `previous` | WireProject | the project before |\n');
    const [line = '{}'] = /^\{.*\}$/m.exec(stdout) ?? [];
    const removed = events.find(({ type }) => type === 'removed');
    expect(JSON.parse(line)).toMatchObject({
      method: 'registry.event',
      params: { events: [removed?.example] },
    });
  });

  test('shows what an error has in its data', async () => {
    const { stdout } = await (await commandLine()).run(['docs', 'slot_taken']);
    expect(stdout).toContain('\nCode 1016. All the slots');
    expect(stdout).toContain('\n| `holders[].slot` | string | name of the slot |\n');
    const [line = '{}'] = /^\{.*\}$/m.exec(stdout) ?? [];
    expect(JSON.parse(line)).toEqual(exampleData('slot_taken'));
  });

  test('gives programs all that has this name', async () => {
    const gardener = await commandLine();
    const named = async (name: string): Promise<unknown[]> =>
      JSON.parse((await gardener.run(['docs', name, '--json'])).stdout) as unknown[];
    expect(await named('removed')).toMatchObject([{ type: 'removed', summary: 'A project is gone.' }]);
    expect(await named('events')).toMatchObject(events.map(({ type }) => ({ type })));
    expect((await named('training')).at(-1)).toMatchObject({ type: 'training' });
    expect((await named('errors'))[0]).toMatchObject({ code: expect.any(Number) });
    expect(await named('lease_held')).toMatchObject([{ schema: { properties: { holder: {} } } }]);
  });

  test('knows what may be meant', async () => {
    const { code, stderr } = await (await commandLine()).run(['docs', 'resynced.project']);
    expect(code).toBe(2);
    expect(stderr).toContain('there is no such method, event or type; did you mean ');
  });
});
