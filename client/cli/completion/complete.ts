/** What the completion of a shell asks: `gardener __complete`. Answers quickly or not at all, and never complains. */
import { readdir } from 'node:fs/promises';
import { type PathOptions, resolvePaths } from '../../../src/paths.ts';
import type { Client } from '../../client.ts';
import { abortable } from '../../wire/deadline.ts';
import { isBackupName, newestFirst } from '../../../src/domain/backup-names.ts';
import { shortName } from '../backups/backups.ts';
import { type Candidate, completeWords, type Completion } from './complete-words.ts';
import { defineCommand, loadCommands } from '../command.ts';
import type { Context } from '../context.ts';
import { inOurWords } from '../help/synonyms.ts';
import { readCatalogue } from '../reference/reference.ts';
import { shownWords } from '../terminal/gate.ts';
import { readShellLine, writeShellWord } from './shell-line.ts';
import { expandTilde, localTime, printable } from '../terminal/text.ts';

/** How long a person waits for names. Milliseconds. */
const PATIENCE_MS = 100;
/** Names that are asked for at once; more would not be read. */
const MAX_NAMES = 200;

/**
 * Prints candidates, one a line, `value<tab>description`; and on a line of its own, with a colon before it, what the
 * shell may complete by itself: `:file`, `:directory` or `:command`.
 *
 * The words are those after the program's name, quotes taken off, the last one being typed; unused with a line.
 */
export default defineCommand({
  description: '',
  takes: {
    '[words...]': '',
    /** The line up to the cursor, for a shell that leaves the quoting to others. */
    '--line <line>': '',
    /** What that shell replaces: the end of the line's last word. */
    '--replaces <text>': '',
  },
  async action(ctx, { words, line, replaces = '' }, { parent: program }) {
    if (!program) return;
    const shell = line === undefined ? undefined : readShellLine(line);
    const all = shell ? shell.words.slice(1) : words;
    // What is being typed stays as it is.
    const typed = [...inOurWords(program, all.slice(0, -1)), ...all.slice(-1)];
    await loadCommands(program, typed);
    const completion = completeWords(program, typed);
    const { kind, prefix } = completion;
    // A project may also be named by a path in it.
    const isPath = kind === 'project' && /^[.~/]|\//.test(prefix);
    const found = isPath ? [] : [...completion.candidates, ...(await namesOf(ctx, completion))];
    for (const { value, description } of found) {
      const text = shell ? replacement(value, shell, completion.prefix, replaces) : value;
      // What cannot be shown cannot be typed either.
      if (text === undefined || printable(text) !== text) continue;
      ctx.host.stdout.write(shownWords(description === '' ? [text] : [text, description]));
    }
    const own = isPath ? 'directory' : kind;
    if (['file', 'directory', 'command'].includes(own)) ctx.print(`:${own}`);
  },
});

/** The candidate as it replaces what the shell takes for the word: less than the whole after `=`, or in quotes. */
function replacement(
  value: string,
  { raw, quote }: ReturnType<typeof readShellLine>,
  prefix: string,
  replaces: string,
): string | undefined {
  // What is typed before the value stays typed: `--language=`.
  const typed = writeShellWord(prefix, quote) ?? '';
  const before = raw.endsWith(typed) ? raw.slice(0, raw.length - typed.length) : '';
  const whole = writeShellWord(value, quote);
  const kept = raw.length - replaces.length;
  if (whole === undefined || !raw.endsWith(replaces)) return undefined;
  // In quotes the shell replaces what is within them.
  return `${before}${whole}`.slice(kept);
}

async function namesOf(ctx: Context, completion: Completion): Promise<Candidate[]> {
  const { prefix, noDashes, location } = completion;
  const { home, env } = ctx.host;
  const typed = (path: string | undefined): string | undefined => path && expandTilde(path, home);
  try {
    const { dataDir, socket } = ctx.location;
    const where = { dataDir: typed(location.dataDir) ?? dataDir, socket: typed(location.socket) ?? socket };
    const { socketAlone, backupsDir } = resolvePaths(where, env);
    const names = await lookUp(completion, {
      reference: (word) => ctx.reference(word),
      ask: (question) => asking(ctx, where, question),
      backupsDir: socketAlone ? undefined : backupsDir,
    });
    return names.filter(({ value }) => value.startsWith(prefix) && !(noDashes && value.startsWith('-')));
  } catch {
    // No daemon, a slow one, an older one: whoever presses the tabulator key wants no lecture.
    return [];
  }
}

interface Sources {
  readonly ask: <T>(question: (client: Client) => Promise<T>) => Promise<T>;
  readonly backupsDir: string | undefined;
  /** A project as it was named, for the daemon. */
  readonly reference: (word: string) => string;
}

async function lookUp(
  { kind, prefix, operands }: Completion,
  { ask, backupsDir, reference }: Sources,
): Promise<Candidate[]> {
  switch (kind) {
    case 'project': {
      const query = prefix === '' ? {} : { query: prefix };
      const { projects } = await ask((client) =>
        client.projects.list({ ...query, sort: 'name', limit: MAX_NAMES }),
      );
      return projects.map(({ name, source_path: path }) => ({ value: name, description: path }));
    }
    case 'token': {
      const [project = ''] = operands;
      const { trainings } = await ask((client) => client.training.history({ project: reference(project) }));
      return trainings
        .filter((one) => one.status === 'completed' && one.bytes !== 0 && !one.in_service)
        .map(({ token, ended_at: ended }) => ({
          value: String(token),
          description: localTime(ended),
        }));
    }
    case 'backup': {
      // Their names are enough; the daemon would read them all to count their projects. Whose they are behind a socket that
      // was given alone, nobody knows.
      if (backupsDir === undefined) return [];
      const names = await readdir(backupsDir);
      const ours = names.filter(isBackupName).toSorted(newestFirst);
      const values = prefix.startsWith('r') ? ours : ours.map(shortName);
      return values.map((value) => ({ value, description: '' }));
    }
    case 'method':
    case 'topic': {
      const { methods, events, schemas } = await ask(readCatalogue);
      const found = methods.map(({ name, summary }) => ({ value: name, description: summary }));
      if (kind === 'method') return found;
      const told = events.map(({ type, summary }) => ({ value: type, description: summary }));
      return [...found, ...told, ...Array.from(schemas.keys(), (name) => ({ value: name, description: '' }))];
    }
    default:
      return [];
  }
}

/** Asks a daemon that runs, for as long as anybody waits. */
async function asking<T>(
  ctx: Context,
  where: PathOptions,
  question: (client: Client) => Promise<T>,
): Promise<T> {
  const signal = AbortSignal.timeout(PATIENCE_MS);
  const client = await ctx.host.connect({ ...where, autoStart: false, signal });
  try {
    return await abortable(question(client), signal);
  } finally {
    await client.close();
  }
}
