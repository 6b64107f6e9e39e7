/**
 * The one place that starts git.
 *
 * A codebase may come from anywhere, with its `.git` directory, and that names programs: to tell what has changed, to
 * fetch what is missing, to convert files, to sign, to page. Whoever only registers a codebase has not agreed to run
 * any of them. Nor does a question about what is there need the network, or a person who types a password.
 */
import { once } from 'node:events';
import { errorCode, isMissing } from '../../src/system/errors.ts';

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
 * have any name, so that no flag can switch all of them off.
 */
type Question =
  | readonly ['ls-files', ...('-z' | '--')[]]
  | readonly ['config', '-z', '--get-regexp', string]
  | readonly ['rev-parse', '--is-shallow-repository']
  | readonly ['rev-list', '--max-parents=0', 'HEAD'];

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
export async function* askGit(
  directory: string,
  question: Question,
  { env, deadline = DEADLINE_MS }: GitOptions,
): AsyncIterable<string> {
  // Whoever only loads the library needs no processes.
  const { spawn } = await import('node:child_process');
  const git = spawn('git', ['-C', directory, '--no-pager', ...SETTINGS, ...question], {
    // Where PATH has relative directories, they are not to lead into a codebase.
    cwd: '/',
    env: environmentFor(env),
    stdio: ['ignore', 'pipe', 'pipe'],
    // A group of its own, to be ended with all that is in it; and no terminal to ask at.
    detached: true,
  });
  let complaint = '';
  git.stderr.setEncoding('utf8').on('data', (text: string) => {
    if (complaint.length < MAX_COMPLAINT) complaint += text;
  });
  const ended = once(git, 'close').then(
    ([code, signal]) => complaintOf(complaint, code as number | null, signal as NodeJS.Signals | null),
    (cause: unknown) => new GitUnavailable(isMissing(cause) ? '' : `cannot run git`, { cause }),
  );
  const release = endWithUs(git.pid);
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

/** Those that run. One set of listeners is enough for all of them: more than ten are a leak to Node, and to whoever reads its warning. */
const running = new Set<number>();
const SIGNALS = ['SIGHUP', 'SIGTERM'] as const;

/** Ends git when this program is ended before it, as by Ctrl-C; gives what takes that back. */
function endWithUs(pid: number | undefined): () => void {
  if (pid === undefined) return () => undefined;
  if (running.size === 0) {
    process.on('exit', endAll);
    for (const signal of SIGNALS) process.on(signal, endBy);
  }
  running.add(pid);
  return () => {
    if (running.delete(pid) && running.size === 0) stopListening();
  };
}

function stopListening(): void {
  process.off('exit', endAll);
  for (const signal of SIGNALS) process.off(signal, endBy);
}

function endAll(): void {
  for (const pid of running) killGroup(pid);
  running.clear();
}

function endBy(signal: NodeJS.Signals): void {
  endAll();
  stopListening();
  // As it would have ended without us, unless somebody else wants to hear of it.
  if (process.listenerCount(signal) === 0) process.kill(process.pid, signal);
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch (error) {
    // Nobody is left; macOS says so with EPERM when only its entry waits to be collected.
    if (errorCode(error) === undefined) throw error;
  }
}
