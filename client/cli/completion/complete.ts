/** What the completion of a shell asks: `gardener __complete`. Answers quickly or not at all, and never complains. */
import { readdir } from 'node:fs/promises';
import { type PathOptions, resolvePaths } from '../../../src/paths.ts';
import type { Client } from '../../client.ts';
import { abortable } from '../../wire/deadline.ts';
import { isBackupName, newestFirst } from '../../../src/domain/backup-names.ts';
import { shortName } from '../backups/backups.ts';
import { type Candidate, completeWords, type Completion } from './complete-words.ts';
import { defineHidden, loadCommands } from '../command.ts';
import type { Context } from '../context.ts';
import { inOurWords } from '../help/synonyms.ts';
import { readCatalogue } from '../reference/reference.ts';
import { shownWords } from '../terminal/gate.ts';
import { type Listed, type Named, storedNames, storedProjects } from './stored.ts';
import { readShellLine, replacement } from './shell-line.ts';
import { expandTilde, localTime, printable } from '../terminal/text.ts';

/** How long a person waits for names. Milliseconds. */
const PATIENCE_MS = 100;
/** Names that are shown; more would not be read. */
const MAX_NAMES = 200;

/**
 * Prints candidates, one a line, `value<tab>description`; and on a line of its own, with a colon before it, what the
 * shell may complete by itself: `:file`, `:directory` or `:command`.
 *
 * The words are those after the program's name, quotes taken off, the last one being typed; unused with a line.
 */
export default defineHidden({
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
    const found = [...completion.candidates, ...(await namesOf(ctx, completion))];
    for (const { value, description } of few(found)) {
      // What begins with a colon says what the shell may complete.
      if (value === '' || value.startsWith(':')) continue;
      const text = shell ? replacement(value, shell, completion.prefix, replaces) : value;
      // What cannot be shown cannot be typed either.
      if (text === undefined || printable(text) !== text) continue;
      ctx.host.stdout.write(shownWords(description === '' ? [text] : [text, description]));
    }
    // A project may also be named by a path in it, though a name may begin like one.
    const own = kind === 'project' && /^[.~/]|\//.test(prefix) ? 'directory' : kind;
    if (['file', 'directory', 'command'].includes(own)) ctx.print(`:${own}`);
  },
});

/** As many as are read, but with the last: the shell types what the first and the last begin with. */
function few(found: readonly Candidate[]): readonly Candidate[] {
  if (found.length <= MAX_NAMES) return found;
  const sorted = found.toSorted((a, b) => (a.value < b.value ? -1 : 1));
  return sorted.toSpliced(MAX_NAMES - 1, found.length - MAX_NAMES);
}

async function namesOf(ctx: Context, completion: Completion): Promise<Candidate[]> {
  const { prefix, noDashes, location } = completion;
  const { home, env } = ctx.host;
  const typed = (path: string | undefined): string | undefined => path && expandTilde(path, home);
  try {
    const { dataDir, socket } = ctx.location;
    const where = { dataDir: typed(location.dataDir) ?? dataDir, socket: typed(location.socket) ?? socket };
    const { socketAlone, backupsDir, registryFile } = resolvePaths(where, env);
    const ask: Sources['ask'] = (question) => asking(ctx, where, question);
    const list = (): Promise<readonly Listed[]> =>
      ask(async (client) => (await client.projects.list()).projects);
    const names = await lookUp(completion, {
      reference: (word) => ctx.reference(word),
      ask,
      // Of a file that somebody has just spoilt the daemon has what was in it before.
      names: () => (socketAlone ? list() : storedNames(registryFile).catch(list)),
      projects: () => (socketAlone ? list() : storedProjects(registryFile).catch(list)),
      backupsDir: socketAlone ? undefined : backupsDir,
    });
    return beginningWith(prefix, names).filter(({ value }) => !(noDashes && value.startsWith('-')));
  } catch {
    // No daemon, a slow one, an older one: whoever presses the tabulator key wants no lecture.
    return [];
  }
}

/** What was typed stays as it is where it can; else names are the same in small and capital letters. */
function beginningWith(prefix: string, names: readonly Candidate[]): readonly Candidate[] {
  const found = names.filter(({ value }) => value.startsWith(prefix));
  if (found.length > 0) return found;
  const folded = prefix.toLowerCase();
  return names.filter(({ value }) => value.toLowerCase().startsWith(folded));
}

interface Sources {
  readonly ask: <T>(question: (client: Client) => Promise<T>) => Promise<T>;
  readonly names: () => Promise<readonly Named[]>;
  readonly projects: () => Promise<readonly Listed[]>;
  readonly backupsDir: string | undefined;
  /** A project as it was named, for the daemon. */
  readonly reference: (word: string) => string;
}

async function lookUp(
  { kind, prefix, operands }: Completion,
  { ask, names, projects, backupsDir, reference }: Sources,
): Promise<Candidate[]> {
  switch (kind) {
    case 'project':
      return (await names()).map(({ name, source_path: path }) => ({ value: name, description: path }));
    case 'tag':
      return each((await projects()).flatMap(({ tags }) => tags));
    case 'language':
      return each((await projects()).map(({ language }) => language));
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

/** Each once, in the order of letters. */
function each(values: readonly string[]): Candidate[] {
  return [...new Set(values)].toSorted().map((value) => ({ value, description: '' }));
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
