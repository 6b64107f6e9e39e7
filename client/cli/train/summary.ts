/** What is said of a training that is over, in a line that a person can take in. */
import type { Client } from '../../client.ts';
import type { WireProject } from '../../../src/domain/encoding.ts';
import { ConnectionError } from '../../errors.ts';
import { RegistryError } from '../../../src/domain/errors.ts';
import type { Context } from '../context.ts';
import { sizeText } from '../history/trainings.ts';
import { operands, plural, printable, thousands } from '../terminal/text.ts';
import { columnsOf } from '../terminal/size.ts';
import { cutText, textWidth } from '../terminal/width.ts';
import { wrapText } from '../terminal/wrap.ts';
import type { TrainingResult } from './reports.ts';

/** So many numbers are told of those that a trainer has reported, and so much of the name of each. */
const MAX_METRICS = 3;
const MAX_NAME = 24;
/** As a person reads a loss. */
const DIGITS = 4;
/** From here on, and below that, digits that are counted say less than an exponent. */
const MAX_PLAIN = 1e15;
const MIN_PLAIN = 1e-4;
/** For how long the daemon may measure what was made, while a person waits. Milliseconds. */
const MEASURE_MS = 1_000;

/** What came of a training that has completed: files, numbers, size, as far as they are known. */
export async function factsOf(
  client: Client,
  project: WireProject,
  token: number,
  { file_count: files, metadata = {} }: TrainingResult,
): Promise<string[]> {
  const metrics = Object.entries(metadata)
    .filter((entry): entry is [string, number] => typeof entry[1] === 'number')
    .map(([name, value]) => [printable(name).trim(), value] as const)
    .filter(([name]) => name !== '')
    .slice(0, MAX_METRICS)
    .map(([name, value]) => `${cutText(name, MAX_NAME, 'end')} ${numberWords(value)}`);
  const bytes = await sizeOfOutput(client, project.project_id, token);
  const size = bytes ? [`${whatIsIn(project, token)} ${sizeText(bytes)}`] : [];
  return [...(files === undefined ? [] : [plural(files, 'file')]), ...metrics, ...size];
}

/** All digits before the point, and behind it as many as a person reads: `12,346`, `0.6912`; `1.000` for nearly one. */
export function numberWords(value: number): string {
  const size = Math.abs(value);
  if (size >= MAX_PLAIN || (size > 0 && size < MIN_PLAIN)) return String(Number(value.toPrecision(DIGITS)));
  if (Number.isInteger(value)) return thousands(value);
  const before = Math.trunc(size) === 0 ? 0 : String(Math.trunc(size)).length;
  if (before >= DIGITS) return thousands(Math.round(value));
  const text = value.toPrecision(DIGITS);
  const short = String(Number(text));
  if (short.includes('.')) return short;
  return text.includes('.') ? text : thousands(Number(text));
}

/** As the daemon has measured it; undefined where it does not know, or takes too long. */
async function sizeOfOutput(
  client: Client,
  project: string,
  token: number,
): Promise<number | null | undefined> {
  try {
    // Nothing is taken away: it is answered when what has just ended is measured.
    await client.training.prune({ project, dry_run: true }, { deadline: MEASURE_MS });
    const { trainings } = await client.training.history({ project, limit: 1 }, { deadline: MEASURE_MS });
    return trainings.find((one) => one.token === token)?.bytes;
  } catch (error) {
    if (error instanceof ConnectionError || error instanceof RegistryError) return undefined;
    throw error;
  }
}

/** Whether a training has brought nothing into service, where something of an earlier one is. */
export function isNothingNew(project: WireProject, token: number, result: TrainingResult): boolean {
  const { lora_adapter_path: adapter, vector_store_path: vectors, context_path: context } = project;
  const isReported = Object.keys(result).some((field) => field.endsWith('_path'));
  return adapter !== null && !isReported && ![adapter, vectors, context].some((path) => isOf(token, path));
}

function isOf(token: number, path: string | null): boolean {
  return path?.includes(`/trainings/${token}/`) || path?.endsWith(`/trainings/${token}`) || false;
}

/** The size is that of all that a training has made, and most make an adapter only. */
function whatIsIn({ vector_store_path: vectors, context_path: context }: WireProject, token: number): string {
  return isOf(token, vectors) || isOf(token, context) ? 'output' : 'adapter';
}

/** Whether somebody looks at standard error, where all is told that is not the answer. */
export function isWatched({ json, host }: Context): boolean {
  return host.stderr.isTTY === true && !json;
}

/** How it stands, or what to do next, for whoever looks. */
export function tellWatcher(ctx: Context, line: string): void {
  if (isWatched(ctx)) ctx.note(ctx.paintNote('dim', line));
}

/** One line where it fits the terminal of standard error; otherwise a sentence, and below it a command that stays whole. */
export function inOneLine(ctx: Context, line: string, said: string, command: string): string[] {
  const columns = columnsOf(ctx.host.stderr);
  if (columns === undefined || textWidth(ctx.advise(line)) <= columns) return [line];
  return [...wrapText(said, columns, '', '  '), `  ${command}`];
}

/** @param name of the project; undefined where nothing was kept */
export function withLog(ctx: Context, said: string, name: string | undefined): string[] {
  if (name === undefined) return [said];
  const log = `log: gardener logs ${operands(name)}`;
  return inOneLine(ctx, `${said}     ${log}`, said, log);
}
