/**
 * The benchmark: npm run bench [-- options]
 *
 * Contenders take turns (A B C, A B C), and ratios are taken within each round, because machines are noisy.
 */
import { writeFileSync } from 'node:fs';
import { cpus, release } from 'node:os';
import { parseArgs } from 'node:util';
import { contenders } from './contenders/all.ts';
import { CONTENDERS, type ContenderName } from './contenders/contender.ts';
import { picture } from './picture.ts';
import { hasTaskset } from './processes.ts';
import { type Outcome, table } from './report.ts';
import type { Effort, Workload } from './workload.ts';
import { workloads } from './workloads.ts';

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    /** One short round: whether everything works, not how fast. */
    quick: { type: 'boolean', default: false },
    /** Only workloads whose title contains this. */
    only: { type: 'string', default: '' },
    json: { type: 'string' },
    picture: { type: 'string' },
  },
});

const effort: Effort = options.quick
  ? { rounds: 1, warmUp: 20, duration: 100 }
  : { rounds: Number(options.rounds), warmUp: 600, duration: 500 };

if (process.platform !== 'linux') throw new Error('cannot measure here: memory is read from /proc of Linux');

const absent = new Map<ContenderName, string>();
for (const name of CONTENDERS) {
  const reason = await contenders[name].unavailable();
  if (reason !== null) absent.set(name, reason);
}

// Where everything is meant to be there, as in continuous integration.
if (process.env['REQUIRE_TOOLS'] && absent.has('Redis')) throw new Error(absent.get('Redis'));

const outcomes: Outcome[] = [];
const chosen = workloads.filter(
  ({ title, isLikeAnother }) => title.includes(options.only) && !(options.quick && isLikeAnother),
);
for (const workload of chosen) outcomes.push(await measure(workload));
tellProgress('');

const processor = cpus()[0]?.model.trim() ?? 'unknown processor';
console.log(`Node ${process.version}, Linux ${release()}, ${cpus().length} × ${processor}`);
console.log(`medians of ${effort.rounds} rounds; × is how many times as fast the registry is\n`);
console.log(table(outcomes));
for (const [name, reason] of absent) console.log(`\nleft out: ${name} (${reason})`);
if (!hasTaskset) console.log('\nwithout taskset: "on one core" was on all');

if (options.picture) writeFileSync(options.picture, picture(outcomes));
if (options.json) {
  const results = outcomes.map(({ workload: { title, unit, targets }, figures }) => ({
    title,
    unit,
    targets,
    figures: Object.fromEntries(figures),
  }));
  writeFileSync(options.json, `${JSON.stringify({ node: process.version, processor, results }, null, 2)}\n`);
}

async function measure(workload: Workload): Promise<Outcome> {
  const present = workload.contenders.filter((name) => !absent.has(name));
  const figures = new Map(present.map((name) => [name, [] as number[]]));
  for (let round = 1; round <= effort.rounds; round += 1) {
    for (const name of present) {
      tellProgress(`${workload.title}: ${name}, round ${round} of ${effort.rounds}`);
      figures.get(name)?.push(await workload.measure(name, effort));
    }
  }
  return { workload, figures };
}

function tellProgress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
}
