/**
 * The one place that starts git.
 *
 * A codebase may come from anywhere, with its `.git` directory, and that names programs: to tell what has changed, to
 * fetch what is missing, to convert files, to sign, to page. Whoever only registers a codebase has not agreed to run
 * any of them. Nor does a question about what is there need the network, or a person who types a password.
 */
import { once } from 'node:events';
import { isMissing } from '../../src/system/errors.ts';
import { endWithUs, killGroup } from './end-with-us.ts';

/**
 * Git could not answer, or not to the end. The message says why, in git's words; it is empty where there is nothing to
 * tell: git is not installed, or there is no repository with a work tree.
 */
export class GitUnavailable extends Error {
  override readonly name = 'GitUnavailable';
}

/**
 * What git may be asked: commands that look at the index, at refs and at the history only.
 *
 * Those that compare with the files (`status`, `diff`, `ls-files --modified`) pass the files through the programs of
 * `filter.*`, and those that print changes or signatures (`log`, `show`) run those of `diff.*` and `gpg.*`. Such sections
 * have any name, so that no flag can switch all of them off. For one that compares see {@link changedFiles}.
 */
type Question =
  | readonly ['ls-files', ...('-z' | '--')[]]
  | readonly ['config', '-z', '--get-regexp', string]
  | readonly ['config', '-z', '--list', '--name-only']
  | readonly ['diff-index', '--cached', '--name-only', '-z', string, '--', '.']
  | readonly ['rev-parse', '--is-shallow-repository']
  | readonly ['rev-parse', ...`HEAD${string}`[]]
  | readonly ['rev-list', '--max-parents=0', 'HEAD']
  | readonly ['rev-list', '--count', `${string}^{commit}..HEAD`, '--', '.'];

/** Settings that name a program or lead to one, in the order of git's documentation. These win over the repository's. */
const SETTINGS = [
  'core.fsmonitor=false',
  'core.hooksPath=/dev/null',
  'core.alternateRefsCommand=true',
  'core.askPass=',
  'core.editor=false',
  'core.pager=cat',
  'core.sshCommand=false',
  // Whatever was named before an empty one is forgotten.
  'credential.helper=',
  'gc.auto=0',
  'log.showSignature=false',
  'maintenance.auto=false',
  'protocol.allow=never',
  // A repository that is carried as plain files within another one, with settings of its own.
  'safe.bareRepository=explicit',
  'submodule.recurse=false',
].flatMap((setting) => ['-c', setting]);

/** What takes the place of everything that the caller's environment says to git. */
const ENVIRONMENT: NodeJS.ProcessEnv = {
  // Asking for what a partial clone lacks is what needs the network first of all; since git 2.39.4.
  GIT_NO_LAZY_FETCH: '1',
  // An empty list: no protocol at all. The setting alone does not hold: `protocol.ssh.allow` of the repository beats it.
  GIT_ALLOW_PROTOCOL: '',
  GIT_SSH_COMMAND: 'false',
  GIT_PROXY_COMMAND: 'false',
  GIT_ASKPASS: '',
  SSH_ASKPASS: '',
  GIT_TERMINAL_PROMPT: '0',
  GIT_OPTIONAL_LOCKS: '0',
  // The messages are read here.
  LC_ALL: 'C',
};

/**
 * What stays: where the person's own settings are, `safe.directory` among them, how far git looks for a repository, and
 * where it is installed. The others would answer for another repository, as in a hook, write traces, or run programs.
 */
const KEPT = new Set([
  'GIT_CONFIG_GLOBAL',
  'GIT_CONFIG_SYSTEM',
  'GIT_CONFIG_NOSYSTEM',
  'GIT_CEILING_DIRECTORIES',
  'GIT_DISCOVERY_ACROSS_FILESYSTEM',
  'GIT_EXEC_PATH',
]);

/** Listing a million files takes seconds; a settings file that is a pipe, or on a dead disk, takes for ever. Milliseconds. */
const DEADLINE_MS = 30_000;
/** Of what git complains about, so much is looked at. Characters. */
const MAX_COMPLAINT = 16_384;
/** No answer that is wanted as a whole is longer. Characters. */
const MAX_ANSWER = 1_000_000;

export interface GitOptions {
  readonly env: NodeJS.ProcessEnv;
  /** Milliseconds until git and whatever it started are killed; default 30 s. */
  readonly deadline?: number;
}

/**
 * Asks git about the repository around a directory, and gives its answer as it comes. Ending the iteration early ends git.
 *
 * @throws {GitUnavailable} possibly after a part of the answer: what came before is then not the truth
 */
export function askGit(directory: string, question: Question, options: GitOptions): AsyncIterable<string> {
  return runGit(directory, question, options);
}

/**
 * The same as one text.
 *
 * @throws {GitUnavailable}
 */
async function wholeAnswer(directory: string, question: Question, options: GitOptions): Promise<string> {
  let text = '';
  for await (const part of askGit(directory, question, options)) {
    text += part;
    if (text.length > MAX_ANSWER) throw new GitUnavailable('its answer is too long');
  }
  return text;
}

/** The same, null where git has none: there is no repository, nothing of what was asked for, or no git. */
export async function answerOrNull(
  directory: string,
  question: Question,
  options: GitOptions,
): Promise<string | null> {
  try {
    return await wholeAnswer(directory, question, options);
  } catch (error) {
    if (error instanceof GitUnavailable) return null;
    throw error;
  }
}

/**
 * The files of a directory that are not as the index has them, and those that it does not have and no rule ignores. It
 * looks into no submodule: the settings of that have filters of their own.
 *
 * Each filter is switched off by its name. What it would have made of a file that looks touched is then not known, and
 * the file counts as changed.
 *
 * @throws {GitUnavailable}
 */
export async function* changedFiles(directory: string, options: GitOptions): AsyncIterable<string> {
  const names = await wholeAnswer(directory, ['config', '-z', '--list', '--name-only'], options);
  const filters = new Set(
    names.split('\0').flatMap((name) => /^filter\.(.*)\.[^.]*$/s.exec(name)?.[1] ?? []),
  );
  const off = [...filters].flatMap((filter) =>
    ['clean=', 'process=', 'required=false'].flatMap((setting) => ['-c', `filter.${filter}.${setting}`]),
  );
  // Git would take what comes before the first one for the name.
  if ([...filters].some((filter) => filter.includes('=')))
    throw new GitUnavailable('a filter has a name that cannot be switched off');
  yield* runGit(
    directory,
    [...off, 'ls-files', '-z', '--modified', '--others', '--exclude-standard'],
    options,
  );
}

/** @param words what follows the settings that come first whatever is asked */
async function* runGit(
  directory: string,
  words: readonly string[],
  { env, deadline = DEADLINE_MS }: GitOptions,
): AsyncIterable<string> {
  // Whoever only loads the library needs no processes.
  const { spawn } = process.getBuiltinModule('node:child_process');
  const start = () =>
    spawn('git', ['-C', directory, '--no-pager', ...SETTINGS, ...words], {
      // Where PATH has relative directories, they are not to lead into a codebase.
      cwd: '/',
      env: environmentFor(env),
      stdio: ['ignore', 'pipe', 'pipe'],
      // A group of its own, to be ended with all that is in it; and no terminal to ask at.
      detached: true,
    });
  let git!: ReturnType<typeof start>;
  const release = endWithUs(() => (git = start()).pid);
  let complaint = '';
  git.stderr.setEncoding('utf8').on('data', (text: string) => {
    if (complaint.length < MAX_COMPLAINT) complaint += text;
  });
  const ended = once(git, 'close').then(
    ([code, signal]) => complaintOf(complaint, code as number | null, signal as NodeJS.Signals | null),
    (cause: unknown) => new GitUnavailable(isMissing(cause) ? '' : `cannot run git`, { cause }),
  );
  let late: GitUnavailable | undefined;
  const timer = setTimeout(() => {
    late = new GitUnavailable(`it has not answered within ${deadline / 1000} s`);
    // Not waited for: what hangs on a dead disk does not even end when it is killed.
    killGroup(git.pid);
    git.unref();
    git.stderr.destroy();
    git.stdout.destroy(late);
  }, deadline);
  let done = false;
  try {
    for await (const text of git.stdout.setEncoding('utf8') as AsyncIterable<string>) yield text;
    const fault = late ?? (await ended);
    done = true;
    if (fault) throw fault;
  } finally {
    clearTimeout(timer);
    release();
    if (!done) killGroup(git.pid);
  }
}

function environmentFor(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const kept = Object.entries(env).filter(([name]) => !name.startsWith('GIT_') || KEPT.has(name));
  return { ...Object.fromEntries(kept), ...ENVIRONMENT };
}

/** Git goes on after some errors and ends with 0 all the same, with a part of the answer. */
function complaintOf(
  text: string,
  code: number | null,
  signal: NodeJS.Signals | null,
): GitUnavailable | undefined {
  const [, error] = /^(?:fatal|error): (.*)$/m.exec(text) ?? [];
  if (code === 0 && error === undefined) return undefined;
  if (NO_WORK_TREE.test(error ?? '') || NOT_INSTALLED.test(text)) return new GitUnavailable('');
  return new GitUnavailable(error ?? `it ended with ${signal ?? `exit code ${code}`}`);
}

/** What stands for git on macOS where the developer tools are not installed. */
const NOT_INSTALLED = /^(xcrun|xcode-select): /;
const NO_WORK_TREE =
  /^(not a git repository \(or any|this operation must be run in a work tree|cannot use bare repository)/;
