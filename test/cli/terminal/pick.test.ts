/* oxlint-disable no-control-regex -- control characters are what it is about */
/** A list to choose from, in a terminal emulator; what becomes of a real terminal stands in test/cli/projects/reference.test.ts. */
import { PassThrough } from 'node:stream';
import xterm from '@xterm/headless';
import { expect, test } from 'vitest';
import type { Host } from '../../../client/cli/context.ts';
import { confirm } from '../../../client/cli/terminal/ask.ts';
import { type Pickable, pickMany, pickOne } from '../../../client/cli/terminal/pick.ts';
import { until } from '../../support/until.ts';

/** Somebody at a terminal, who types. */
function desk({ columns = 80, rows = 24 } = {}) {
  const terminal = new xterm.Terminal({ cols: columns, rows, allowProposedApi: true, convertEol: true });
  const stdin = Object.assign(new PassThrough(), { isTTY: true });
  let written = '';
  const stderr = {
    isTTY: true,
    columns,
    rows,
    write(text: string) {
      written += text;
      terminal.write(text);
    },
  };
  const host = { stdin, stderr, ignoredSignals: new Set() } as unknown as Host;
  const screen = async (): Promise<string> => {
    await new Promise<void>((resolve) => terminal.write('', resolve));
    const { active } = terminal.buffer;
    const lines = Array.from({ length: rows }, (_, row) => active.getLine(row)?.translateToString(true));
    return lines.join('\n').trimEnd();
  };
  return {
    host,
    screen,
    shows: (text: string) => until(async () => (await screen()).includes(text), `it shows ${text}`),
    type: (keys: string) => void stdin.write(keys),
    end: () => void stdin.end(),
    written: () => written,
  };
}

const PROJECTS: readonly Pickable<string>[] = [
  { value: '1', label: 'api', hint: '~/src/website/api' },
  { value: '2', label: 'webshop', hint: '~/src/webshop' },
  { value: '3', label: 'web', hint: '~/src/web' },
];

test('what is typed finds names and what stands beside them, a name itself first', async () => {
  const { host, screen, shows, type } = desk();
  const picked = pickOne(host, 'which project?', PROJECTS);
  await shows('api (~/src/website/api)');
  type('web');
  await shows('Search: web');
  expect((await screen()).split('\n').slice(2, 5)).toEqual(['● web (~/src/web)', '○ webshop', '○ api']);
  type('\x1b[B\r');
  expect(await picked).toBe('2');
});

test('several are ticked, all that are found at once, and come in the order of the list', async () => {
  const { host, shows, type } = desk();
  const picked = pickMany(host, 'which ones?', PROJECTS, { picked: (id) => id === '3' });
  await shows('◼ web\n');
  type('webshop');
  await shows('Search: webshop');
  type('\x01');
  await shows('◼ webshop');
  type('\r\r');
  expect(await picked).toEqual(['2', '3']);
});

test('what is ticked is always counted, and Enter takes nothing that is out of sight', async () => {
  const { host, shows, type } = desk();
  const picked = pickMany(host, 'which ones?', PROJECTS, { picked: () => true });
  await shows('3 of 3 ticked\n');
  type('webshop');
  await shows('3 of 3 ticked, 2 out of sight\n');
  type('\r');
  await shows('2 more are ticked; Enter takes all 3\n◼ api');
  // All at once: none, then one that is found, and nothing else.
  type('\x01webshop\t\r');
  expect(await picked).toEqual(['2']);
});

test('it is found by all of its words, also where they are not shown', async () => {
  const { host, shows, type } = desk({ columns: 20 });
  const path = `~/${'deep/'.repeat(20)}end`;
  const found = { label: 'one', hint: path, words: ['one', 'python', path] };
  const picked = pickOne(host, 'which?', [...PROJECTS, { value: '4', ...found }]);
  await shows('api');
  type('deep/end');
  await shows('● one');
  type('\r');
  expect(await picked).toBe('4');
});

test('what is typed ahead of the next question is for that', async () => {
  const { host, shows, type } = desk();
  const picked = pickOne(host, 'which project?', PROJECTS);
  await shows('Search');
  type('webs\ry\r');
  expect(await picked).toBe('2');
  expect(await confirm(host, 'sure?')).toBe(true);
});

test.each([
  ['Esc', '\x1b'],
  ['Ctrl-D', '\x04'],
])('%s is none', async (_name, key) => {
  const { host, shows, type } = desk();
  const picked = pickOne(host, 'which project?', PROJECTS);
  await shows('Search');
  type(key);
  expect(await picked).toBeUndefined();
});

test('the end of the input is none, but what was typed before it counts', async () => {
  const first = desk();
  first.end();
  expect(await pickMany(first.host, 'which ones?', PROJECTS, { picked: () => true })).toBeUndefined();
  const second = desk();
  second.type('webs\n');
  second.end();
  expect(await pickOne(second.host, 'which project?', PROJECTS)).toBe('2');
  expect(second.written()).toMatch(/\x1b\[\?25h$/);
});

test('Ctrl-D that was typed ahead is none, as a terminal hands it over that gave lines before', async () => {
  const { host, type } = desk();
  type('we\0');
  expect(await pickOne(host, 'which project?', PROJECTS)).toBeUndefined();
});

test('of a text that nobody types only the beginning is taken', async () => {
  const { host, shows, type, written } = desk({ columns: 300 });
  const picked = pickOne(host, 'which project?', PROJECTS);
  await shows('Search');
  for (let pieces = 0; pieces < 4; pieces += 1) type('x'.repeat(150));
  await shows(`Search: ${'x'.repeat(200)}`);
  type('\x15web');
  await shows('Search: web');
  expect(written()).not.toContain('x'.repeat(201));
  type('\r');
  expect(await picked).toBe('3');
});

test('no name obeys, and each stays in its line, however narrow the terminal', async () => {
  const { host, screen, shows, type, written } = desk({ columns: 20 });
  const hostile = 'a\x1b]0;x\x07\x1b[2J\u202e$(rm)\n\x9b5A';
  const choices = ['one', hostile, '項目'.repeat(20), 'four'].map((label) => ({
    value: label,
    label,
    hint: hostile,
  }));
  const picked = pickOne(host, `which ${hostile}?`, choices);
  await shows('● one');
  type('\x1b[B\x9b\u202e');
  await shows('\\u202e');
  const drawn = written().replaceAll(/\x1b\[([\d;]*[ABCDGJKm]|\?25[hl])/g, '');
  expect(drawn).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]/);
  type('\x7f\x1b[B');
  await shows('● a');
  const lines = (await screen()).split('\n');
  expect(lines.filter((line) => /^[●○]/.test(line))).toEqual([
    '○ one',
    '● a\\x1b]0;x\\x07\\x…',
    '○ 項目項目項目項…',
    '○ four',
  ]);
  type('\r');
  expect(await picked).toBe(hostile);
});

test('a key is as quick with ten thousand', async () => {
  const { host, shows, type } = desk();
  const many = Array.from({ length: 10_000 }, (_, at) => ({
    value: at,
    label: `project-${at}`,
    hint: `~/src/some/where/project-${at}`,
  }));
  const picked = pickMany(host, 'which ones?', many, { picked: (at) => at < 5_000 });
  await shows('◼ project-0');
  const began = performance.now();
  for (let at = 1; at <= 10; at += 1) {
    type('project-77'.slice(at - 1, at));
    await shows(`Search: ${'project-77'.slice(0, at)}`);
  }
  expect((performance.now() - began) / 10).toBeLessThan(150);
  type('\x01\r\r');
  // 77, 77x and 77xx were ticked or not; now all are.
  expect(await picked).toHaveLength(5_000 + 100);
});
