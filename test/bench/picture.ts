/** The ratios as a picture: a row for each workload, a dot for each contender, on a logarithmic scale. */
import { CONTENDERS, type ContenderName } from './contenders/contender.ts';
import { type Outcome, speed } from './report.ts';

const ROW = 22;
const LEFT = 440;
const WIDTH = 960;
const TOP = 64;
const BOTTOM = 34;
const FACTORS = [0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100];
/** About the width of a character in the legend. */
const CHARACTER = 7;

/** Told apart by people who do not see all colours (Okabe and Ito), on light and on dark. */
const COLOURS: Partial<Record<ContenderName, string>> = {
  'net + JSON': '#888888',
  'vscode-jsonrpc': '#0072b2',
  jayson: '#56b4e9',
  Redis: '#d55e00',
  SQLite: '#009e73',
  'file each time': '#cc79a7',
  'lock + file': '#e69f00',
  'bare loop': '#b8a000',
};

export function picture(outcomes: readonly Outcome[]): string {
  const rows = outcomes.filter((outcome) =>
    outcome.workload.contenders.some((name) => speed(outcome, name) !== null && name !== 'registry'),
  );
  const height = TOP + rows.length * ROW + BOTTOM;
  const rivals = CONTENDERS.filter((name) =>
    rows.some((outcome) => name !== 'registry' && speed(outcome, name) !== null),
  );
  const parts = [
    ...legend(rivals),
    ...FACTORS.map((factor) => gridLine(factor, height)),
    ...rows.map((outcome, row) => rowOf(outcome, rivals, TOP + (row + 0.5) * ROW)),
    text(LEFT, height - 4, 'times as fast, or as light, as another (right of 1× the registry is better)'),
  ];
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="system-ui, sans-serif" font-size="12" fill="#7d8590">`,
    ...parts,
    '</svg>\n',
  ].join('\n');
}

function legend(rivals: readonly ContenderName[]): string[] {
  let x = 20;
  return rivals.map((name) => {
    const item = `<circle cx="${x}" cy="18" r="5" fill="${COLOURS[name]}"/>${text(x + 10, 22, name)}`;
    x += 34 + CHARACTER * name.length;
    return item;
  });
}

function gridLine(factor: number, height: number): string {
  const x = round(place(factor));
  const weight = factor === 1 ? 'stroke-width="1.5"' : 'stroke-opacity="0.3"';
  return (
    `<line x1="${x}" x2="${x}" y1="${TOP - 6}" y2="${height - BOTTOM + 4}" stroke="#7d8590" ${weight}/>` +
    text(x, TOP - 12, `${factor}×`, 'middle')
  );
}

function rowOf(outcome: Outcome, rivals: readonly ContenderName[], y: number): string {
  const dots = rivals.flatMap((name) => {
    const value = speed(outcome, name);
    if (value === null) return [];
    return `<circle cx="${round(place(value))}" cy="${y}" r="5" fill="${COLOURS[name]}"/>`;
  });
  return text(LEFT - 12, y + 4, outcome.workload.title.replaceAll('`', ''), 'end') + dots.join('');
}

/** Where a factor is on the scale. */
function place(factor: number): number {
  const [first = 1] = FACTORS;
  const last = FACTORS.at(-1) ?? 1;
  const share = Math.log(factor / first) / Math.log(last / first);
  return LEFT + Math.min(1, Math.max(0, share)) * (WIDTH - LEFT - 20);
}

function text(x: number, y: number, content: string, anchor = 'start'): string {
  const escaped = content.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
  return `<text x="${round(x)}" y="${round(y)}" text-anchor="${anchor}">${escaped}</text>`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
