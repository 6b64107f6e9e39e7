/** From figures to a table that a person can read: medians, and ratios that were taken within each round. */
import { CONTENDERS, type ContenderName } from './contenders/contender.ts';
import type { Target, Workload } from './workload.ts';

/** What one workload gave: one figure a round of each contender, in the workload's unit. */
export interface Outcome {
  readonly workload: Workload;
  readonly figures: ReadonlyMap<ContenderName, readonly number[]>;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

/** How many times as fast as another the registry was; null where that one did not take part. */
export function speed({ figures }: Outcome, against: ContenderName): number | null {
  const ours = figures.get('registry') ?? [];
  const theirs = figures.get(against);
  return theirs ? median(theirs.map((figure, round) => figure / (ours[round] ?? Number.NaN))) : null;
}

/** Whether a target was reached; null where it cannot be told. */
function reached(outcome: Outcome, target: Target): boolean | null {
  if ('atMost' in target) return median(outcome.figures.get('registry') ?? []) <= target.atMost;
  const value = speed(outcome, target.against);
  return value === null ? null : value >= target.speed;
}

const RIVALS = CONTENDERS.filter((name) => name !== 'registry');

/** A Markdown table. */
export function table(outcomes: readonly Outcome[]): string {
  const rows = outcomes.map((outcome) => {
    const { workload, figures } = outcome;
    const own = `${digits(median(figures.get('registry') ?? []))} ${workload.unit}`;
    const limit = workload.targets.find((target) => 'atMost' in target);
    return [
      workload.title,
      limit ? `${own} ${verdict(outcome, limit, `at most ${limit.atMost}`)}` : own,
      ...RIVALS.map((rival) => {
        const value = speed(outcome, rival);
        if (value === null) return '';
        const target = workload.targets.find((target) => 'against' in target && target.against === rival);
        if (!target || !('speed' in target)) return digits(value);
        return `${digits(value)} ${verdict(outcome, target, `at least ${digits(target.speed)}`)}`;
      }),
    ];
  });
  const all = [['', 'registry', ...RIVALS.map((rival) => `× ${rival}`)], ...rows];
  const widths =
    all[0]?.map((_, column) => Math.max(3, ...all.map((row) => (row[column] ?? '').length))) ?? [];
  const lines = all.map((row) => `| ${row.map((cell, n) => cell.padEnd(widths[n] ?? 0)).join(' | ')} |`);
  const rule = `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`;
  return [lines[0], rule, ...lines.slice(1)].join('\n');
}

function verdict(outcome: Outcome, target: Target, wanted: string): string {
  return reached(outcome, target) ? '✓' : `✗ (${wanted})`;
}

/** Two figures that matter, or the whole number. */
function digits(value: number): string {
  return value >= 100 ? value.toFixed(0) : String(Number(value.toPrecision(2)));
}
