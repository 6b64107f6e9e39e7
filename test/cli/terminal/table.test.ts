import { stripVTControlCharacters, styleText } from 'node:util';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Cell, type Column, fitWidths, layTable } from '../../../client/cli/terminal/table.ts';
import { textWidth } from '../../../client/cli/terminal/width.ts';

const COLUMNS: Column[] = [
  { title: 'NAME' },
  { title: 'FILES', align: 'right' },
  { title: 'PATH', cut: 'start' },
];

function cells(...texts: string[]): Cell[] {
  return texts.map((text) => ({ text }));
}

test('columns stand below one another in any script', () => {
  const rows = [cells('api', '7', '~/api'), cells('日本語', '12,345', '~/src/日本語')];
  expect(layTable(COLUMNS, rows)).toEqual([
    'NAME     FILES  PATH',
    'api          7  ~/api',
    '日本語  12,345  ~/src/日本語',
  ]);
});

test('the widest column gives way, at the end that says less', () => {
  const rows = [cells('api', '7', '/home/ada/work/2026/customers/api')];
  expect(layTable(COLUMNS, rows, { columns: 30 })).toEqual([
    'NAME  FILES  PATH',
    'api       7  …26/customers/api',
  ]);
});

test('short words are cut last', () => {
  const columns: Column[] = [{ title: 'NAME' }, { title: 'STATUS', rigid: true }, { title: 'LANGUAGE' }];
  const rows = [cells('a name of some length', 'not started', 'typescript')];
  expect(layTable(columns, rows, { columns: 34 })[1]).toBe('a name of…  not started  typescri…');
  expect(layTable(columns, rows, { columns: 31 })[1]).toBe('a name …  not started  typescr…');
  expect(layTable(columns, rows, { columns: 26 })[1]).toBe('a name…  not sta…  typesc…');
});

test('no column is cut below its least width: others give way, and then the last one goes', () => {
  const columns: Column[] = [
    { title: 'NAME', least: 10 },
    { title: 'STATUS', rigid: true, least: Number.POSITIVE_INFINITY },
    { title: 'PATH', cut: 'start', least: 6 },
  ];
  const rows = [cells('a name of some length', 'not started', '~/src/some/place')];
  expect(layTable(columns, rows, { columns: 34 })[1]).toBe('a name of…  not started  …me/place');
  expect(layTable(columns, rows, { columns: 31 })[1]).toBe('a name of…  not started  …place');
  expect(layTable(columns, rows, { columns: 30 })[1]).toBe('a name of some l…  not started');
  expect(layTable(columns, rows, { columns: 22 })[1]).toBe('a name of some length');
});

test('columns that find no room are left out from the right', () => {
  const rows = [cells('payments', '7', '~/payments')];
  expect(layTable(COLUMNS, rows, { columns: 12 })).toEqual(['NAME   FILES', 'paym…      7']);
  expect(layTable(COLUMNS, rows, { columns: 11 })).toEqual(['NAME', 'payments']);
  expect(layTable(COLUMNS, rows, { columns: 3 })).toEqual(['NA…', 'pa…']);
});

test('colour is around the text and not around the blanks', () => {
  const paint = (text: string) => `<${text}>`;
  const rows = [[{ text: 'api', paint }, { text: '7' }, { text: '' }]];
  expect(layTable(COLUMNS, rows, { paintTitle: paint })).toEqual([
    '<NAME>  <FILES>  <PATH>',
    '<api>       7',
  ]);
});

test('no line ends in blanks', () => {
  const lines = layTable(COLUMNS, [cells('payments', '', ''), cells('api', '7', '~/a')]);
  for (const line of lines) expect(line).toBe(line.trimEnd());
});

describe('whatever is in it', () => {
  const text = fc.oneof(
    fc.string({ unit: 'grapheme', maxLength: 30 }),
    fc.string({ unit: fc.constantFrom('日', 'a', '🌱', 'e\u0301', ' '), maxLength: 30 }),
  );
  const table = fc
    .array(
      fc.record({
        title: text,
        align: fc.constantFrom('left', 'right'),
        cut: fc.constantFrom('start', 'end'),
      }),
      {
        minLength: 1,
        maxLength: 7,
      },
    )
    .chain((columns) =>
      fc.record({
        columns: fc.constant(columns as Column[]),
        rows: fc.array(fc.array(text, { minLength: columns.length, maxLength: columns.length }), {
          maxLength: 6,
        }),
      }),
    );

  test('a table never exceeds the columns of the terminal, painted or not', () => {
    fc.assert(
      fc.property(table, fc.integer({ min: 1, max: 120 }), ({ columns, rows }, limit) => {
        const paint = (one: string) => styleText('red', one, { validateStream: false });
        const painted = rows.map((row) => row.map((one) => ({ text: one, paint })));
        for (const line of layTable(columns, painted, { columns: limit })) {
          expect(textWidth(stripVTControlCharacters(line))).toBeLessThanOrEqual(limit);
        }
      }),
      { numRuns: 500 },
    );
  });

  test('widths fill the room that there is, and no column gets more than it wants', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(60), { minLength: 1, maxLength: 7 }),
        fc.array(fc.boolean(), { minLength: 7, maxLength: 7 }),
        fc.integer({ min: 1, max: 200 }),
        (wanted, rigid, limit) => {
          const widths = fitWidths(wanted, limit, rigid);
          const used = widths.reduce((sum, width) => sum + width, 2 * (widths.length - 1));
          expect(widths.length).toBeGreaterThan(0);
          expect(used).toBeLessThanOrEqual(Math.max(limit, 1));
          const needed = wanted.reduce((sum, width) => sum + width, 2 * (wanted.length - 1));
          if (needed <= limit) expect(widths).toEqual(wanted);
          else if (widths.length === wanted.length) expect(used).toBe(limit);
        },
      ),
    );
  });
});
