/** `gardener foreach`: a command in the directory of each project. */
import { constants } from 'node:os';
import { delimiter, isAbsolute } from 'node:path';
import type { WireProject } from '../../../src/domain/encoding.ts';
import { errorCode, systemReason } from '../../../src/system/errors.ts';
import { NONE_BEHIND } from '../codebase/behind.ts';
import { defineCommand } from '../command.ts';
import type { Context } from '../context.ts';
import { elsewhere, requireHere } from '../elsewhere.ts';
import { EXIT, UsageError } from '../errors.ts';
import {
  type Choice,
  CHOOSING,
  chosen,
  NONE_FITS,
  QUERY,
  queryArgument,
  typedChoice,
} from '../projects/list.ts';
import { plural, printable, shellWord } from '../terminal/text.ts';
import { faultOf, Runner } from './run-in.ts';

/** What shells end with when there is no such program, and when it cannot be run. */
const NOT_FOUND = 127;
const NOT_EXECUTABLE = 126;

const DETAILS = `The command runs in one project after the other, in the order of gardener ls,
with its directory as the working directory and CODEBASE_GARDENER_PROJECT set.
It is no shell's: for pipes and variables, sh -c '...'. What fails in one
project is told at the end, and the others go on; Ctrl-C ends all.

Exit 0 means that it did well everywhere, 1 that it failed somewhere, 127 and
126 that it can be run nowhere.`;

export default defineCommand({
  description: 'Runs a command in the directory of each project that fits.',
  usage: '[options] [query] -- <command...>',
  takes: {
    '[query]': QUERY,
    '[command...]': 'what to run, with its arguments',
    ...CHOOSING,
  },
  details: DETAILS,
  examples: {
    'gardener foreach -- git fetch --quiet': 'in every project',
    'gardener foreach --tag work -- git status --short': 'in those with a tag',
    "gardener foreach --language go -- sh -c 'go vet ./... | tail -n 1'": 'with a pipe',
  },
  document: {
    projects:
      'those that were gone through, each with project_id, name, exit_code, signal and error, why nothing was run',
    not_reached: 'those that it ended before, each with project_id and name',
  },
  async action(ctx, { query: first, command: others, ...flags }) {
    const words = [...(first === undefined ? [] : [first]), ...others];
    const { query, command } = split(words, ctx.words, flags);
    const choice = { ...flags, ...(query !== undefined && { query }) };
    const projects = await find(ctx, choice);
    const runner = new Runner(ctx);
    try {
      const ends = await runAll(ctx, runner, projects, command);
      const left = projects.slice(ends.length).map(({ project_id, name }) => ({ project_id, name }));
      if (ctx.json) ctx.printJson({ projects: ends, not_reached: left });
      if (projects.length === 0) ctx.note(choice.stale ? NONE_BEHIND : NONE_FITS);
      tellFailures(ctx, ends, left.length, runner.interruption);
    } finally {
      runner.close();
    }
  },
});

/** Which of the words are the query and which the command; commander drops the dashes between them. */
function split(
  words: readonly string[],
  typed: readonly string[],
  flags: Choice,
): { query: string | undefined; command: readonly string[] } {
  const dashes = typed.indexOf('--');
  const count = dashes < 0 ? 0 : typed.length - dashes - 1;
  const before = words.slice(0, words.length - count);
  const command = words.slice(before.length);
  // As it is to be typed: without a part of it, it would run in more projects than were meant.
  const again = (run: readonly string[], query?: string): string => {
    const choice = typedChoice({ ...flags, query });
    return ['gardener foreach', ...choice, '--', run.map(shellWord).join(' ') || '<command>'].join(' ');
  };
  if (dashes < 0) {
    throw new UsageError('cannot tell what to run: there are no dashes before it', again(words));
  }
  const query = before.length > 0 ? before.map(queryArgument).join(' ') : undefined;
  if (before.length > 1) {
    throw new UsageError(
      `cannot look for several texts: ${query} stands before --`,
      'one text that is in all of them, or --tag <tag>',
    );
  }
  if (!command[0]) throw new UsageError('cannot run nothing: the command is missing', again([], query));
  return { query, command };
}

/** No connection is held while the commands run. */
async function find(ctx: Context, choice: Choice): Promise<readonly WireProject[]> {
  return await ctx.withClient(async (client) => {
    requireHere(await elsewhere(ctx, client.hello), 'run a command in the projects', 'the same');
    return await chosen(ctx, client, choice, 'gardener foreach');
  });
}

interface End extends Pick<WireProject, 'project_id' | 'name'> {
  readonly exit_code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly error: string | null;
}

async function runAll(
  ctx: Context,
  runner: Runner,
  projects: readonly WireProject[],
  command: readonly string[],
): Promise<End[]> {
  const [program = ''] = command;
  const ends: End[] = [];
  for (const project of projects) {
    const { project_id, name, source_path: directory } = project;
    const end = { project_id, name, exit_code: null, signal: null, error: null };
    const fault = await faultOf(ctx, directory);
    // Looking may take as long as it takes somebody to lose patience.
    if (runner.interruption) break;
    const where = printable(ctx.shortPath(directory));
    ctx.note(`${ctx.paintNote('bold', `== ${printable(name)}`)}  ${ctx.paintNote('dim', where)}`);
    if (fault !== undefined) ends.push({ ...end, error: fault });
    else {
      try {
        const { code, signal } = await runner.run(command, project);
        ends.push({ ...end, exit_code: code, signal });
      } catch (error) {
        const isMissing = errorCode(error) === 'ENOENT';
        const reason = isMissing ? 'there is no such program' : systemReason(error);
        const exit_code = isMissing ? NOT_FOUND : NOT_EXECUTABLE;
        // It is nowhere, unless it was there before.
        const isNowhere =
          ends.every(({ error: fault }) => fault !== null) && !isOfProject(program, ctx.host.env);
        ends.push({ ...end, exit_code, error: `cannot run ${printable(program)}: ${reason}` });
        if (isNowhere) {
          ctx.exitCode = exit_code;
          return ends;
        }
      }
    }
    if (runner.interruption) break;
  }
  return ends;
}

/** Whether each project may have a program of its own by this name, so that it may be in another. */
function isOfProject(program: string, { PATH: path = '' }: NodeJS.ProcessEnv): boolean {
  if (program.includes('/')) return !isAbsolute(program);
  return !path.split(delimiter).every((directory) => isAbsolute(directory));
}

function tellFailures(
  ctx: Context,
  ends: readonly End[],
  left: number,
  interruption: NodeJS.Signals | undefined,
): void {
  const last = ends.at(-1);
  // The last one was told to end, or is told as what ended all.
  const isNowhere = ctx.exitCode !== EXIT.ok;
  const counted = interruption || isNowhere ? ends.slice(0, -1) : ends;
  const failed = counted.filter(({ exit_code: code }) => code !== 0);
  const rest = left > 0 ? `; ${plural(left, 'project')} not reached` : '';
  if (failed.length > 0) {
    if (!isNowhere) ctx.exitCode = EXIT.refused;
    ctx.note(`gardener: failed in ${failed.length} of ${plural(counted.length, 'project')}:`);
    for (const { name, exit_code: code, signal, error } of failed) {
      const how = error ?? (signal === null ? `exit code ${code}` : `ended by ${signal}`);
      ctx.note(`  ${printable(name)}: ${printable(how)}`);
    }
  }
  if (isNowhere) return ctx.note(`gardener: ${last?.error}${rest}`);
  if (interruption) {
    ctx.exitCode = 128 + constants.signals[interruption];
    ctx.note(`gardener: interrupted${last ? ` in ${printable(last.name)}` : ''}${rest}`);
  }
}
