import fc from 'fast-check';
import { stripVTControlCharacters } from 'node:util';
import { describe, expect, test } from 'vitest';
import { press } from '../../../../client/cli/watch/keys/press.ts';
import { firstView, type ViewState } from '../../../../client/cli/watch/keys/view.ts';
import { arranged, pictureOf } from '../../../../client/cli/watch/pages/picture.ts';
import { type About, NOTHING_KNOWN } from '../../../../client/cli/watch/pages/project.ts';
import type { WatchState } from '../../../../client/cli/watch/state.ts';
import { type Paint, painter } from '../../../../client/cli/terminal/colour.ts';
import { tame } from '../../../../client/cli/terminal/gate.ts';
import { textWidth } from '../../../../client/cli/terminal/width.ts';
import type { Trained } from '../../../../client/cli/history/trainings.ts';
import { hostile, HOSTILE, obeyed } from '../../../support/hostile.ts';
import { AT, project, stateOf, training } from '../state.ts';

const NOW = Date.parse('2026-01-05T12:00:00.000Z');
const shortPath = (path: string) => path.replace('/home/ada', '~');
const plain: Paint = (_style, text) => text;

interface Looks {
  readonly columns?: number;
  readonly rows?: number;
  readonly keys?: string;
  readonly isOne?: boolean;
  readonly about?: Partial<About>;
  readonly paint?: Paint;
  /** What happens when the keys have been pressed. */
  readonly after?: () => void;
}

/** What is on the screen after these keys. */
function screen(state: WatchState, looks: Looks = {}): string[] {
  const { columns = 80, rows = 24, keys = '', isOne = false, about = {}, paint = plain } = looks;
  let view: ViewState = firstView(isOne);
  const arrange = () => arranged(state, view, { columns, rows }, shortPath);
  for (const key of keys.split(' ').filter(Boolean)) {
    ({ view } = arrange());
    const one = key.length > 1 ? { name: key } : { typed: key };
    ({ view } = press(view, one as Parameters<typeof press>[1], state));
    const canvas = { columns, rows, now: NOW, paint };
    ({ view } = pictureOf(state, arrange(), { ...NOTHING_KNOWN, ...about }, canvas, shortPath));
  }
  looks.after?.();
  const canvas = { columns, rows, now: NOW, paint };
  const { lines } = pictureOf(state, arrange(), { ...NOTHING_KNOWN, ...about }, canvas, shortPath);
  expect(lines.length).toBeLessThanOrEqual(rows);
  for (const line of lines) expect(textWidth(stripVTControlCharacters(line))).toBeLessThanOrEqual(columns);
  return lines.map((line) => line.trimEnd());
}

const ENDED: Trained = {
  token: 7,
  status: 'completed',
  started_at: '2026-01-03T11:00:00.000Z',
  ended_at: '2026-01-03T12:00:00.000Z',
  error: null,
  holder: { name: 'python3' },
  source: { commit: '1a2b3c4d5e', dirty: true },
  base_model: null,
  metadata: {},
  phases: [
    { phase: 'embedding', at: '2026-01-03T11:00:00.000Z' },
    { phase: 'training', at: '2026-01-03T11:20:00.000Z' },
  ],
  bytes: 100 * 2 ** 20,
  in_service: true,
};

const BUSY = {
  ...training('payments', {
    token: 8,
    progress: 0.64,
    phase: 'training',
    message: 'epoch 4, loss 0.21',
    started_at: '2026-01-05T11:40:00.000Z',
    slot: 'gpu0',
    phases: [
      { phase: 'embedding', at: '2026-01-05T11:40:00.000Z' },
      { phase: 'training', at: '2026-01-05T11:43:00.000Z' },
    ],
  }),
  source_path: '/home/ada/src/payments',
  tags: ['work', 'gpu'],
  base_model: 'Qwen/Qwen2.5-Coder',
  last_trained: '2026-01-03T12:00:00.000Z',
  trained_from: { commit: '1a2b3c4d5e', dirty: true },
};

function busy(): WatchState {
  const state = stateOf(BUSY, project('web'));
  const eta = { ...BUSY, training: { ...BUSY.training, eta_s: 420 } };
  const event = {
    origin: 'rpc',
    at: new Date(NOW).toISOString(),
    cursor: 'e:2',
    project_id: BUSY.project_id,
  } as const;
  state.apply({ ...event, type: 'progress', project: eta as never });
  state.active = BUSY.project_id;
  return state;
}

const ABOUT = { trainings: [ENDED], behind: '12 commits behind the code', log: ['one', 'two', 'three'] };
/** In whatever time zone this runs. */
const clock = (text: string): string => text.replaceAll(/\d\d:\d\d/g, 'hh:mm');

describe('the page of a project', () => {
  test('says all that somebody looks for who waits for it', () => {
    const lines = screen(busy(), { keys: 'enter', about: ABOUT });
    expect(lines.map(clock)).toEqual([
      '* payments  training',
      'path        ~/src/payments',
      'tags        work, gpu',
      'base model  Qwen/Qwen2.5-Coder',
      'progress    ████████████░░░░░░░░  64%, about 7 min left',
      'doing       training: epoch 4, loss 0.21',
      'phases      embedding 3 min, training since hh:mm',
      'by          python (gpu0), process 4242',
      'since       hh:mm, 20 min ago',
      'trained     2 days ago, from 1a2b3c4*, 12 commits behind the code',
      '',
      '  TOKEN  ENDED       OUTCOME    TOOK       SIZE  COMMIT    BY',
      '* 7      2 days ago  completed  1 h   100.0 MiB  1a2b3c4*  python3',
      'log',
      'one',
      'two',
      'three',
      ...Array.from({ length: 6 }, () => ''),
      'esc back  c cancel  r retrain  u use  ? keys',
    ]);
  });

  test('of one that has failed says of what, and what its last training did', () => {
    const failed = project('api', {
      training_status: 'failed',
      training: training('api', { token: 7, error: 'exit code 1\n\tat run\nout of memory' }).training,
    });
    const about = {
      trainings: [{ ...ENDED, status: 'failed' as const }],
      isGone: true,
      note: 'there is no log',
    };
    const lines = screen(stateOf(failed), { isOne: true, about });
    expect(lines).toEqual(
      expect.arrayContaining([
        'api  failed',
        'path        ~/src/payments (gone)',
        'phases      embedding 20 min, training 40 min',
        'error       exit code 1',
        '                at run',
        '            out of memory',
        'log',
        'there is no log',
        'c cancel  r retrain  u use  ? keys  q leaves',
      ]),
    );
  });

  test.each([
    [40, 24],
    [20, 24],
    [100, 30],
  ])('at %i columns loses nothing but the end of long lines', (columns, rows) => {
    const lines = screen(busy(), { keys: 'enter', columns, rows, about: ABOUT });
    expect(lines.join(' ')).toMatch(/payments.*training.*~\/src\/payments.*work, gpu.*64%/);
    expect(lines.filter((line) => line.includes('…'))).toEqual([]);
  });

  test('where there is little room scrolls what is known, above the last lines of the log', () => {
    const shown = (keys: string) => screen(busy(), { keys, rows: 8, about: ABOUT });
    expect(shown('enter')).toEqual([
      '* payments  training',
      'path        ~/src/payments',
      'tags        work, gpu',
      'base model  Qwen/Qwen2.5-Coder',
      expect.stringContaining('64%'),
      'log',
      'three',
      '↑↓ more  esc back  c cancel  r retrain  u use  ? keys',
    ]);
    expect(shown('enter down down')[1]).toBe('base model  Qwen/Qwen2.5-Coder');
    expect(shown('enter G')[4]).toMatch(/^\* 7 /);
    expect(shown('enter G up up')[4]).toMatch(/^trained /);
    expect(screen(busy(), { keys: 'enter', rows: 5, about: ABOUT })).toHaveLength(5);
  });

  test('is read on by as many lines as it shows', () => {
    const shown = (keys: string) => screen(busy(), { keys, rows: 8, about: ABOUT }).slice(1, 5);
    const [first, second] = [shown('enter'), shown('enter pagedown')];
    expect([...first, ...second]).toEqual(screen(busy(), { keys: 'enter', about: ABOUT }).slice(1, 9));
    expect(shown('enter pagedown pageup')).toEqual(first);
  });

  test('breaks words that are longer than a line, and loses none of an error', () => {
    const error = `exit code 1\nno such file: ${'/a-long-name'.repeat(12)}`;
    const failed = { ...project('api'), training_status: 'failed', training: { ...BUSY.training, error } };
    const lines = screen(stateOf(failed as never), { keys: 'enter', columns: 60 });
    expect(lines.join('').replaceAll(/ {2,}/g, '')).toContain('/a-long-name'.repeat(12));
    expect(lines.join('')).not.toContain('…');
  });

  test('stays when the only project that is watched is removed, and says so', () => {
    const state = busy();
    const gone = {
      origin: 'rpc',
      at: AT,
      cursor: 'e:3',
      project_id: BUSY.project_id,
      previous: BUSY,
    } as const;
    const one = stateOf(BUSY);
    const before = screen(one, { isOne: true, keys: 'down' });
    const after = () => one.apply({ ...gone, type: 'removed' });
    const lines = screen(one, { isOne: true, keys: 'down', after });
    expect([lines[0], lines.at(-1)]).toEqual(['payments  removed', 'the project was removed  q leaves']);
    expect(lines.slice(1, -1)).toEqual(before.slice(1, -1));
    state.apply({ ...gone, type: 'removed' });
    expect(screen(state)[0]).toBe('1 project: 1 not started');
  });

  test('has as many of the last trainings as there is room for', () => {
    const trainings = Array.from({ length: 8 }, (_, at) => ({ ...ENDED, token: 20 - at }));
    const tokens = (rows: number, count = 8) =>
      screen(stateOf(project('a')), {
        keys: 'enter',
        rows,
        about: { trainings: trainings.slice(0, count) },
      }).filter((line) => line.startsWith('* ') || line.includes('more:'));
    expect(tokens(30)).toHaveLength(8);
    expect(tokens(13).at(-1)).toBe('  2 trainings more: gardener history a');
    expect(tokens(4, 6).join()).not.toContain('more:');
  });

  test('names older trainings by the command that lists them', () => {
    const trainings = Array.from({ length: 8 }, (_, at) => ({ ...ENDED, token: 20 - at }));
    const lines = screen(stateOf(project('a b')), { keys: 'enter G', rows: 8, about: { trainings } });
    expect(lines).toContain("  3 trainings more: gardener history 'a b'");
  });
});

describe('the table', () => {
  const names = ['payments', 'web', 'a-name-that-is-rather-long'];
  const state = () =>
    stateOf(...names.map((name) => project(name)), training('api', { progress: 0.5, message: 'epoch 2' }));

  test('marks what is selected and what is active', () => {
    const active = state();
    active.active = 'id of web';
    const marks = (keys: string) =>
      screen(active, { keys, rows: 8 })
        .slice(2, 6)
        .map((line) => line.slice(0, 6));
    expect(marks('')).toEqual(['>  api', '   a-n', '   pay', ' * web']);
    expect(marks('G')).toEqual(['   api', '   a-n', '   pay', '>* web']);
  });

  test('marks it with the colours of a terminal turned round, over the whole line', () => {
    const paint = painter({ isTTY: true }, {});
    const [, , line = ''] = screen(state(), { rows: 8, paint });
    expect(line).toBe(paint('inverse', stripVTControlCharacters(line)));
    expect(stripVTControlCharacters(line)).toHaveLength(80);
  });

  test.each([
    [100, 'NAME STATUS PROGRESS DOING BY SINCE'],
    [80, 'NAME STATUS PROGRESS DOING BY SINCE'],
    [62, 'NAME STATUS PROGRESS DOING'],
    [48, 'NAME STATUS PROGRESS DOING'],
    [40, 'NAME STATUS PROGRESS'],
    [36, 'NAME STATUS'],
    [20, 'NAME'],
  ])('at %i columns has those that there is room for', (columns, titles) => {
    const [head, title = '', first] = screen(state(), { columns, rows: 8 });
    expect(title.trim().split(/ +/).join(' ')).toBe(titles);
    expect(head).toMatch(/^4 projects(: |$)/);
    expect(head).not.toContain('…');
    expect(first).toMatch(/^> {2}api/);
  });

  test('rather goes without a column that says nothing', () => {
    const idle = stateOf(project('a-name-of-some-length'), project('web'));
    const [, title = ''] = screen(idle, { columns: 52, rows: 8 });
    expect(title.trim().split(/ +/)).toEqual(['NAME', 'STATUS', 'PROGRESS', 'SINCE']);
  });

  test('of a registry with more projects than rows says where it is', () => {
    const many = stateOf(
      ...Array.from({ length: 30 }, (_, at) => project(`p${String(at).padStart(2, '0')}`)),
    );
    expect(screen(many, { rows: 8 }).at(-1)).toBe(
      '1-5 of 30  ↑↓ enter  c cancel  r retrain  u use  / filter  ? keys  q leaves',
    );
    expect(screen(many, { rows: 8, keys: 'pagedown' }).slice(2)).toEqual([
      expect.stringMatching(/^ {3}p01 /),
      ...[2, 3, 4].map((at) => expect.stringContaining(`p0${at} `)),
      expect.stringMatching(/^> {2}p05 /),
      expect.stringMatching(/^2-6 of 30 /),
    ]);
    expect(screen(many, { rows: 8, keys: '/ p 1' })[0]).toBe('/p1_  10 of 30 projects');
    expect(screen(many, { rows: 8, keys: '/ p 1', columns: 20 })[0]).toBe('/p1_');
    expect(screen(many, { rows: 8, keys: '/ x enter' })).toEqual([
      '/x  0 of 30 projects',
      'no project has that',
      '↑↓ enter  c cancel  r retrain  u use  / filter  ? keys  q leaves',
    ]);
  });
});

describe('the last line', () => {
  const last = (looks: Looks, state = busy()) => screen(state, looks).at(-1);

  test.each([
    [80, '↑↓ enter  c cancel  r retrain  u use  / filter  ? keys  q leaves'],
    [60, '↑↓ enter  c cancel  r retrain  / filter  ? keys  q leaves'],
    [50, '↑↓ enter  c cancel  / filter  ? keys  q leaves'],
    [40, '↑↓ enter  c cancel  ? keys  q leaves'],
    [20, '? keys  q leaves'],
    [10, 'q leaves'],
    [4, 'q l…'],
  ])('names at %i columns the keys that are used most', (columns, keys) => {
    expect(last({ columns })).toBe(keys);
  });

  test('asks so that the answers are seen, however long the name is', () => {
    expect(last({ keys: 'c' })).toBe('cancel the training of payments? y/n');
    expect(last({ keys: 'c', columns: 20 })).toBe('cancel the tra…? y/n');
    expect(last({ keys: 'enter c' })).toBe('cancel the training of payments? y/n');
  });

  test('tells what has come of a key before it names keys, and that no daemon answers before that', () => {
    expect(last({ keys: 'j c' })).toBe('nobody trains web');
    const lost = busy();
    lost.connected = false;
    expect(last({ keys: 'j c' }, lost)).toBe('no daemon answers; reconnecting …');
  });
});

test('what is said in more than a line has some, in the place of the last of the page', () => {
  const state = stateOf(project('a name of many words, as somebody has it'), project('web'));
  expect(screen(state, { columns: 30, rows: 5, keys: 'c' })).toEqual([
    '2 projects: 2 not started',
    '   NAME            STATUS',
    expect.stringMatching(/^> {2}a name/),
    'nobody trains a name of many',
    'words, as somebody has it',
  ]);
});

test('a problem is told with its reason, in a few lines, and what is said of a key says where it ends', () => {
  const state = stateOf(project('web'));
  state.problem = {
    message: `cannot use the file: ${'because of that '.repeat(3)}it is no JSON`,
    line: 2,
  } as never;
  const shown = screen(state, { columns: 40, rows: 12 });
  expect(shown.slice(1, 4).join(' ')).toBe(
    `problem: cannot use the file: ${'because of that '.repeat(3)}it is no JSON (line 2, column 1)`,
  );
  expect(shown).toHaveLength(7);
  expect(screen(state, { columns: 40, rows: 5 })[1]).toBe('problem: cannot use the file: because o…');
  const long = stateOf(project('word '.repeat(40).trim()));
  expect(screen(long, { columns: 30, rows: 8, keys: 'c' }).at(-1)).toMatch(/…$/);
});

test('the keys are told at every width, and scroll where there are few rows', () => {
  for (const columns of [100, 80, 40]) {
    const lines = screen(busy(), { keys: '?', columns });
    expect(lines.join(' ')).toMatch(
      /selects a project.*Enter +opens.*cancels.*asks for.*makes.*filter|shows only/,
    );
    expect(lines.at(-1)).toBe('esc back');
  }
  expect(screen(busy(), { keys: '?', columns: 20, rows: 9 })).toEqual([
    '↑ ↓  k j',
    '  selects a project,',
    '  or scrolls',
    'PgUp PgDn',
    '  the same by a',
    '  screen',
    'Home End  g G',
    '  the first or the',
    '↑↓ more  esc back',
  ]);
  expect(screen(busy(), { keys: '? G', rows: 4 })[2]).toMatch(/^Ctrl-L/);
});

test('whatever a project holds, every page fits its screen and is tame', () => {
  const text = fc.string({ unit: 'grapheme', maxLength: 60 });
  const keys = fc.constantFrom('', 'enter', '?', 'c', '/ a', 'enter c', 'enter G');
  fc.assert(
    fc.property(
      fc.record({ name: text, tags: fc.array(text, { maxLength: 3 }), message: text, log: fc.array(text) }),
      fc.record({ columns: fc.integer({ min: 1, max: 150 }), rows: fc.integer({ min: 1, max: 40 }), keys }),
      ({ name, tags, message, log }, looks) => {
        const state = stateOf({ ...training('x', { message, progress: 0.5 }), name, tags, last_trained: AT });
        screen(state, {
          ...looks,
          about: { trainings: [{ ...ENDED, holder: { name: message } }], log, note: name },
        });
      },
    ),
  );
  const one = hostile(BUSY) as typeof BUSY;
  const about = {
    trainings: [hostile(ENDED) as Trained],
    behind: HOSTILE,
    isGone: true,
    log: [HOSTILE],
    note: HOSTILE,
  };
  for (const columns of [20, 80, 200])
    for (const keyed of ['enter', 'c', 'r'])
      expect(
        screen(stateOf(one), { keys: keyed, columns, about })
          .map((line) => obeyed(tame(line), { colours: false }))
          .filter(Boolean),
      ).toEqual([]);
});
