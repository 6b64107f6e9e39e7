import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Project, WatchEvent } from '../../../client/index.ts';
import { eventLine } from '../../../client/cli/watch/lines.ts';
import { staleAfter, watchTable } from '../../../client/cli/watch/pages/table.ts';
import { textWidth } from '../../../client/cli/terminal/width.ts';
import { AT, project, SOUND, stateOf, training } from './state.ts';

const NOW = Date.parse('2026-01-05T12:00:00.000Z');
const WORDS = { shortPath: (path: string) => path, tildes: (text: string) => text };
const plain = (_style: string, text: string): string => text;
const view = { columns: 80, rows: 10, now: NOW, paint: plain };

describe('the table', () => {
  test('has those in training first, the longest on top, then what changed last', () => {
    const state = stateOf(
      project('old', { last_updated: '2026-01-04T12:00:00.000Z' }),
      training('late', { started_at: '2026-01-05T11:00:00.000Z' }),
      project('new'),
      training('early', { started_at: '2026-01-05T10:00:00.000Z' }),
    );
    expect(state.inOrder().map(({ name }) => name)).toEqual(['early', 'late', 'new', 'old']);
  });

  test('says what is being done, or why it failed, or what is asked for', () => {
    const state = stateOf(
      training('a', { progress: 0.405, phase: 'training', message: 'epoch 2' }),
      training('b', { holder: { pid: 7 }, cancel_requested: true }),
      project('c', {
        training_status: 'failed',
        training: training('c', { error: 'exit code 1\n...\nout of memory' }).training,
      }),
      project('d', { retrain_requested: { at: AT, reason: 'new base model' } }),
    );
    expect(watchTable(state, view)).toEqual([
      '4 projects: 2 training, 1 failed, 1 not started',
      '  NAME  STATUS    PROGRESS         DOING                     BY         SINCE',
      '  a     training  ████░░░░░░  40%  training: epoch 2         python     just now',
      '  b     stopping                                             process 7  just now',
      '  c     failed                     out of memory (exit cod…             just now',
      '  d     retrain                    new base model                       just now',
      'Ctrl-C leaves',
    ]);
  });

  test('says how long a training will still take, and counts that down', () => {
    const eta = (eta_s: number | null) => ({ ...training('a', { progress: 0.4 }).training, eta_s });
    const held = training('a', { progress: 0.4 });
    const state = stateOf({ ...held, training: eta(720) } as Project, project('b'));
    const lines = (now: number) => watchTable(state, { ...view, now }).map((line) => line.trimEnd());
    expect(lines(NOW).slice(1, 3)).toEqual([
      '  NAME  STATUS       PROGRESS         DOING  BY      LEFT    SINCE',
      '  a     training     ████░░░░░░  40%         python  12 min  just now',
    ]);
    expect(lines(NOW + 620_000)[2]).toContain('  a minute  ');
    // It takes longer than was to be expected.
    expect(lines(NOW + 720_000)[1]).not.toContain('LEFT');
    const event = { origin: 'rpc', at: AT, cursor: 'e:2', project_id: held.project_id } as const;
    // An event that is no report says nothing of it, and takes nothing back.
    state.apply({ ...event, type: 'updated', project: held, previous: held });
    expect(lines(NOW)[2]).toContain('12 min');
    state.apply({ ...event, type: 'progress', project: { ...held, training: eta(null) } as Project });
    expect(lines(NOW)[1]).not.toContain('LEFT');
    const done = project('a', { training_status: 'completed', training: held.training });
    state.apply({ ...event, type: 'progress', project: { ...held, training: eta(720) } as Project });
    state.apply({ ...event, type: 'training', project: done, previous: held, outcome: 'completed' });
    expect(lines(NOW)[1]).not.toContain('LEFT');
  });

  test('says in which slot a trainer is', () => {
    const state = stateOf(
      training('a', { slot: 'gpu0' }),
      training('b', { slot: 'gpu\u001b[1', holder: {} }),
    );
    const [, , ...rows] = watchTable(state, view);
    expect(rows.map((row) => row.slice(35))).toEqual([
      'python (gpu0)  just now',
      '(gpu\\x1b[1)    just now',
      '',
    ]);
  });

  test('of an empty registry is short', () => {
    expect(watchTable(stateOf(), view)).toEqual(['0 projects', 'Ctrl-C leaves']);
  });

  test('tells what is wrong, and for how long', () => {
    const state = stateOf(project('a'));
    const problem = { message: 'a comma is missing', line: 3, column: 7, since: AT };
    state.apply({
      type: 'problem',
      problem: { kind: 'invalid_file', ...problem },
      read_only: true,
      origin: 'file',
      at: AT,
      cursor: 'e:2',
    });
    expect(watchTable(state, view)).toContain('problem: a comma is missing (line 3, column 7)');
    state.apply({ type: 'recovered', origin: 'file', at: AT, cursor: 'e:3' });
    state.apply({ type: 'shutdown', origin: 'rpc', at: AT, cursor: 'e:3' });
    expect(watchTable(state, view).at(-1)).toBe('no daemon answers; reconnecting …');
    expect(watchTable(state, view).join()).not.toContain('problem');
  });

  test('fits every terminal, whatever the names and messages', () => {
    const text = fc.string({ unit: 'grapheme', maxLength: 60 });
    const some = fc.record({
      name: text,
      message: text,
      progress: fc.double({ min: 0, max: 1, noNaN: true }),
    });
    fc.assert(
      fc.property(
        fc.array(some, { maxLength: 30 }),
        fc.integer({ min: 1, max: 150 }),
        fc.integer({ min: 1, max: 40 }),
        fc.boolean(),
        (given, columns, rows, bad) => {
          const state = stateOf(...given.map(({ name, ...record }) => training(name, record)));
          if (bad) state.problem = { kind: 'invalid_file', message: 'x'.repeat(200), since: AT };
          const lines = watchTable(state, { ...view, columns, rows });
          expect(lines.length).toBeLessThanOrEqual(rows);
          for (const line of lines) expect(textWidth(line)).toBeLessThanOrEqual(columns);
        },
      ),
    );
  });

  test.each([
    ['2026-01-05T11:59:30.000Z', 30_000],
    ['2026-01-05T11:30:20.000Z', 20_000],
    ['2026-01-05T08:30:00.000Z', 30 * 60_000],
    ['2026-01-02T06:00:00.000Z', 18 * 3_600_000],
    ['2026-01-05T12:00:05.000Z', 60_000],
  ])('is drawn anew no sooner than a time of %s reads differently', (last_updated, ms) => {
    expect(staleAfter(stateOf(project('a', { last_updated })).inOrder(), NOW)).toBe(ms);
  });

  test('without projects never goes stale', () => {
    expect(staleAfter([], NOW)).toBeUndefined();
  });
});

describe('what a watch knows', () => {
  test('is what the events say', () => {
    const state = stateOf(project('a'), project('b'));
    const about = { origin: 'rpc', at: AT, cursor: 'e:2' } as const;
    state.apply({ ...about, type: 'registered', project_id: 'id of c', project: project('c') });
    state.apply({ ...about, type: 'removed', project_id: 'id of a', previous: project('a') });
    state.apply({
      ...about,
      type: 'updated',
      project_id: 'id of b',
      project: { ...project('b'), name: 'B' },
      previous: project('b'),
    });
    state.apply({
      ...about,
      type: 'activated',
      project_id: 'id of c',
      project: project('c'),
      previous: null,
    });
    expect(state.inOrder().map(({ name }) => name)).toEqual(['B', 'c']);
    expect(state.active).toBe('id of c');
    state.apply({ ...about, ...SOUND, type: 'resync', projects: [project('z')] });
    expect(state.inOrder().map(({ name }) => name)).toEqual(['z']);
    expect(state.counts()).toEqual([['not_started', 1]]);
  });
});

describe('a line', () => {
  const line = (event: Partial<WatchEvent>): string =>
    eventLine({ origin: 'rpc', at: AT, cursor: 'e:1', ...event } as WatchEvent, false, WORDS).slice(21);

  test('says so when the file was edited', () => {
    expect(line({ type: 'removed', project_id: 'x', previous: project('a'), origin: 'file' })).toBe(
      'removed      a  (edited outside)',
    );
  });

  test('shows a time that is none as it came', () => {
    const event = { type: 'shutdown', origin: 'rpc', cursor: 'e:1' };
    for (const [at, shown] of [
      ['soon\n', 'soon\\n'],
      ['x'.repeat(30), `${'x'.repeat(23)}…`],
    ])
      expect(eventLine({ ...event, at } as WatchEvent, false, WORDS)).toMatch(`${shown}  shutdown`);
  });

  test('of a resync in the middle is not taken for the beginning', () => {
    expect(line({ type: 'resync', projects: [], active_project: null })).toBe('resynced     0 projects');
  });

  test('of a project that was given back does not say that it has completed', () => {
    const trained = { ...project('a'), training_status: 'completed', last_trained: AT } as const;
    const previous = { ...trained, training_status: 'training' } as const;
    expect(line({ type: 'training', project_id: 'x', previous, project: trained })).toBe('released     a');
    const anew = { ...trained, last_trained: '2026-05-10T13:00:00.042Z' };
    expect(line({ type: 'training', project_id: 'x', previous, project: anew })).toBe('completed    a');
    const never = { ...previous, last_trained: null };
    expect(line({ type: 'training', project_id: 'x', previous: never, project: project('a') })).toBe(
      'released     a',
    );
  });

  test('of the end of a lease says what came of it, and guesses nothing where it is not told', () => {
    const held = training('a', {});
    const failed = { ...project('a'), training_status: 'failed' } as const;
    const about = { type: 'training', project_id: 'x', previous: held, project: failed } as const;
    const waiting = { ...failed, retrain_requested: { at: AT, reason: null } };
    expect(line({ ...about, outcome: 'failed' })).toBe('failed       a');
    expect(line({ ...about, outcome: 'released' })).toBe('released     a');
    expect(line({ ...about, outcome: 'released', project: waiting })).toBe('released     a');
    expect(line(about)).toBe('ended        a  it is failed');
    // A status that was set without a lease, as the Python module does.
    const unheld = { ...project('a'), training_status: 'training' } as const;
    expect(line({ ...about, previous: unheld })).toBe('failed       a');
  });

  test('shows no control characters', () => {
    const at = training('a\x1b[2J', { message: 'x\ny' });
    expect(line({ type: 'progress', project_id: 'x', project: at })).toBe(
      'progress     a\\x1b[2J  x\\ny  by python',
    );
  });
});
