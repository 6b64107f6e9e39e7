/**
 * What it costs to have it: start-up, memory, sizes, as medians; of this checkout, and of another one beside it.
 *
 * npm run figures
 * npm run figures -- --against <checkout> [--rounds <number>]
 *
 * The two take turns in each round, and a ratio is the median of those within the rounds: a machine that has other
 * things to do meanwhile does not tell for one of them. The other checkout has to be built.
 */
import { existsSync, realpathSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { callMs, initializeMs, servesAgents, serverMiB } from './agents.mjs';
import { commandMs, firstAnswerMs, loadedKiB, packedKiB, residentMiB, sizeKiB } from './measures.mjs';

const here = fileURLToPath(new URL('../../', import.meta.url));
const { values } = parseArgs({
  options: { against: { type: 'string' }, rounds: { type: 'string', default: '15' } },
});
const rounds = Number(values.rounds);
if (!Number.isSafeInteger(rounds) || rounds < 1) throw new Error('--rounds takes a whole number from 1 on');
const checkouts = [here, ...(values.against === undefined ? [] : [realpathSync(resolve(values.against))])];
for (const checkout of checkouts) {
  if (!existsSync(join(checkout, 'dist', 'gardener.js')))
    throw new Error(`nothing is built in ${checkout}: run "npm run build" there`);
}
const started = [
  ['gardener --version', (checkout) => commandMs(checkout, ['--version'], 0)],
  ['gardener ls, 10 projects', (checkout) => commandMs(checkout, ['ls'], 10)],
  ['gardenerd to its first answer, 10 projects', (checkout) => firstAnswerMs(checkout, 10)],
];
// Earlier checkouts have none.
const haveAgents = checkouts.every(servesAgents);
if (haveAgents)
  started.push(
    ['gardener mcp to its first answer, over node', initializeMs],
    ['gardener mcp, a call, 100 projects', callMs],
  );
const resident = [
  ['gardenerd resident, 100 projects', (checkout) => residentMiB(checkout, 100)],
  ['gardenerd resident, 10,000 projects', (checkout) => residentMiB(checkout, 10_000)],
  ...(haveAgents ? [['gardener mcp resident, over node', serverMiB]] : []),
];
const sizes = [
  ['library', (checkout) => sizeKiB(checkout, /^index\.js$/)],
  ['gardener, what every command loads', (checkout) => loadedKiB(checkout, 'gardener.js')],
  ['gardener, with what some commands load', (checkout) => sizeKiB(checkout, /^gardener(-.*)?\.js$/)],
  ['gardenerd', (checkout) => sizeKiB(checkout, /^gardenerd(-.*)?\.js$/)],
  ['package, packed', (checkout) => packedKiB(checkout, 'size')],
  ['package, installed', (checkout) => packedKiB(checkout, 'unpackedSize')],
];

if (haveAgents)
  sizes.push(['gardener, what serves agents', (checkout) => sizeKiB(checkout, /^gardener-mcp-server\.js$/)]);

const columns = ['this', ...(values.against === undefined ? [] : [values.against, 'ratio'])];
print(`Node ${process.version}, medians of ${rounds} rounds`, columns);
for (const [what, measure] of started) await compare(what, 'ms', rounds, measure);
// What takes long to measure, and varies little.
for (const [what, measure] of resident) await compare(what, 'MiB', Math.ceil(rounds / 5), measure);
for (const [what, measure] of sizes) await compare(what, 'KiB', 1, measure);

async function compare(what, unit, times, measure) {
  const runs = checkouts.map(() => []);
  // Once for what is only slow the first time: files that are read from the disk, code that is compiled.
  if (times > 1) for (const checkout of checkouts) await measure(checkout);
  for (let round = 0; round < times; round += 1) {
    const order = [...checkouts.keys()];
    // Each comes first as often as the other.
    if (round % 2 === 1) order.reverse();
    for (const at of order) runs[at].push(await measure(checkouts[at]));
  }
  const [ours, theirs] = runs;
  const cells = runs.map((run) => `${median(run).toFixed(1)} ${unit}`);
  if (theirs) cells.push(median(ours.map((value, round) => value / theirs[round])).toFixed(3));
  print(what, cells);
}

function median(numbers) {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];
}

function print(what, cells) {
  process.stdout.write(`${what.padEnd(44)}${cells.map((cell) => cell.padStart(14)).join('')}\n`);
}
