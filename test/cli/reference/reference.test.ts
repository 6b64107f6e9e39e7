/** The protocol as the command line explains it. */
import { describe, expect, test } from 'vitest';
import { methods } from '../../../src/protocol/methods.ts';
import { commandLine } from '../../support/cli.ts';

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
      expect(stdout).toMatch(/^Result: WireProject$/m);
      expect(stdout).toMatch(/^ {2}1001 project_not_found: /m);
      expect(stdout).toContain(`  gardener call projects.touch '{"project":"payments"}'\n`);
      expect(stdout).toContain('    "name": "payments",');
    }
  });

  test('fits 80 columns, examples aside, for every method', async () => {
    const gardener = await commandLine();
    for (const method of Object.keys(methods).filter((name) => name.startsWith('projects.'))) {
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

test('gardener docs describes every method, every type and every error', async () => {
  const gardener = await commandLine();
  const { code, stdout } = await gardener.run(['docs']);
  expect(stdout).not.toContain('\\n');
  expect(code).toBe(0);
  const headings = [...stdout.matchAll(/^#+ (.*)$/gm)].map(([, text = '']) => text);
  expect(headings).toEqual(expect.arrayContaining([...Object.keys(methods), 'WireProject', 'Errors']));
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
