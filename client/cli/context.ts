/** What every command gets: the flags, the streams, the registry. */
import { isAbsolute, normalize, resolve } from 'node:path';
import { isMissing, systemReason } from '../../src/system/errors.ts';
import type { Client } from '../client.ts';
import type { ConnectOptions } from '../reach/connect.ts';
import { isSomebodysEnd } from '../reach/here.ts';
import { daemonInEnvironment } from '../reach/program.ts';
import {
  isFromEnvironment,
  isSocketAlone,
  type PathOptions,
  type Paths,
  resolvePaths,
} from '../../src/paths.ts';
import { refuseForRoot } from '../../src/claim/private-directory.ts';
import { VERSION } from '../../src/version.ts';
import { findService } from '../service/ask.ts';
import type { Advise } from './advice.ts';
import { type Paint, painter, plainly } from './terminal/colour.ts';
import { DamagedNameError } from './cwd.ts';
import { type Hints, LocalError, UsageError } from './errors.ts';
import { type Shown, shownJson, shownLine, shownLines, shownText, tame } from './terminal/gate.ts';
import { columnsOf } from './terminal/size.ts';
import { expandTilde, projectReference, tilde, tildes } from './terminal/text.ts';
import { layNote, wrapText } from './terminal/wrap.ts';

/** The part of a stream that is written to. */
export interface Output {
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  readonly rows?: number | undefined;
  write(text: Shown): unknown;
}

/** The process and the machine around a command; tests give their own. */
export interface Host {
  readonly stdin: NodeJS.ReadableStream & {
    readonly isTTY?: boolean | undefined;
    setRawMode?(isRaw: boolean): unknown;
  };
  readonly stdout: Output;
  readonly stderr: Output;
  readonly env: NodeJS.ProcessEnv;
  readonly home: string;
  /** Where this program is; a link to it where it was called by that. */
  readonly program: string;
  /** Where the daemon's program is. */
  readonly daemonProgram: string;
  /** Absolute; throws when the directory is gone, and where its name is no UTF-8. */
  readonly cwd: () => string;
  /** The same without the links that the person came through. */
  readonly realCwd: () => string;
  /** Where the directory was that is gone; undefined where nobody knows. */
  readonly lostCwd: () => string | undefined;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly connect: (options: ConnectOptions) => Promise<Client>;
  /** Leaves Ctrl-C to a program that has the terminal meanwhile. */
  readonly uninterrupted: <T>(work: () => Promise<T>) => Promise<T>;
  /** Signals that were ignored when this process was started, and are to stay so. */
  readonly ignoredSignals: ReadonlySet<NodeJS.Signals>;
  /** Leaves signals to whoever takes over this process. */
  readonly leaveSignals: () => void;
  /** From now on there is nothing to do but to write the answer: ends once that cannot be done any more. */
  readonly endUnread: () => void;
}

/** What a command may have its own way in connecting. */
interface Connecting extends Pick<ConnectOptions, 'autoStart' | 'deadlines' | 'signal'> {
  /** What the daemon's log calls this program; default `gardener`. */
  readonly name?: string;
}

/** The flags that every command takes. */
export interface Globals extends PathOptions {
  readonly json?: true;
  /** False after `--no-start`. */
  readonly start: boolean;
}

export class Context {
  readonly host: Host;
  /** What was typed after the program's name. */
  readonly words: readonly string[];
  /** One document on standard output, for programs. */
  readonly json: boolean;
  /** Whether a daemon may be started. */
  readonly autoStart: boolean;
  /** Colours of standard output. */
  readonly paint: Paint;
  /** Colours of standard error. */
  readonly paintNote: Paint;
  /** Somebody looks at standard output. */
  readonly interactive: boolean;
  /** A command's own advice, set by it. */
  hints: Hints = {};
  /** Set by a command that did what it could and still has to report a failure. */
  exitCode = 0;
  /** Set by a command that has more to tell programs than that it failed. */
  besideError: object = {};
  /** Where notes go; whoever keeps a line at the end of the terminal has them written above it. */
  notes: Pick<Output, 'write'>;

  /** Puts the flags that said where the registry is into the commands of advice; notes have them already. */
  readonly advise: Advise;

  readonly #globals: Globals;

  constructor(host: Host, words: readonly string[], globals: Globals, advise: Advise) {
    this.host = host;
    this.words = words;
    this.#globals = globals;
    this.advise = advise;
    this.json = globals.json ?? false;
    this.autoStart = globals.start;
    this.paint = this.json ? plainly : painter(host.stdout, host.env);
    this.notes = host.stderr;
    this.paintNote = this.json ? plainly : painter(host.stderr, host.env);
    this.interactive = host.stdout.isTTY === true && !this.json;
  }

  /** @throws {UnsafeDirectoryError} for root where another user's registry is meant, which root would spoil */
  get paths(): Paths {
    const paths = resolvePaths(this.location, this.host.env);
    if (!paths.socketAlone) refuseForRoot(paths.dataDir);
    return paths;
  }

  /**
   * Nothing is started for a socket that was given without a data directory; `mixed` where that was given, but in another
   * place: the one by a flag, the other by the environment.
   */
  get socketAlone(): boolean | 'mixed' {
    // As they were typed: what is said of an error must not need a working directory.
    if (!isSocketAlone(this.#globals, this.host.env)) return false;
    return this.#globals.dataDir ? 'mixed' : true;
  }

  /** Whether the socket may be the end of a tunnel, as far as it can be told where nobody answers on it. */
  get mayBeTunnel(): boolean {
    if (this.socketAlone) return true;
    if (!isFromEnvironment(this.#globals, this.host.env)) return false;
    const { paths } = this;
    // A service manager listens before there is a daemon.
    return isSomebodysEnd(paths) && !findService(paths);
  }

  /** The flags that say where the registry is, as the library takes them. */
  get location(): PathOptions {
    const { dataDir, socket } = this.#globals;
    // Absolute: programs that a trainer runs have other working directories.
    const absolute = (path: string | undefined): string | undefined => {
      const expanded = path && expandTilde(path, this.host.home);
      return !expanded || isAbsolute(expanded) ? expanded : this.absolute(expanded);
    };
    return { dataDir: absolute(dataDir), socket: absolute(socket) };
  }

  /** Connects, lets something be done with the registry, and closes whatever happens. */
  async withClient<T>(work: (client: Client) => Promise<T>, options: Connecting = {}): Promise<T> {
    const client = await this.connect(options);
    try {
      return await work(client);
    } finally {
      await client.close();
    }
  }

  /** A connection, for whoever closes it. */
  connect({ autoStart = this.autoStart, name = 'gardener', ...options }: Connecting = {}): Promise<Client> {
    return this.host.connect({
      ...this.location,
      ...options,
      autoStart,
      daemon: this.#daemon,
      client: { name, version: VERSION },
      onWarning: (message) => this.note(`warning: ${message}`),
    });
  }

  /** Columns of the terminal that shows the answer; undefined where nobody looks, and nothing is to be cut. */
  get columns(): number | undefined {
    return columnsOf(this.host.stdout);
  }

  /** A line of the answer. Whatever it quotes, it stays one, as with all that is printed here. */
  print(line = ''): void {
    this.host.stdout.write(shownLine(line));
  }

  /** Lines of the answer, at once. */
  printLines(lines: readonly string[]): void {
    this.host.stdout.write(shownLines(lines));
  }

  /** An answer of several lines that quotes nobody. */
  printText(text: string): void {
    this.host.stdout.write(shownText(`${text}\n`));
  }

  /** A sentence of the answer, in as many lines as it needs. */
  say(text: string): void {
    for (const line of wrapText(tame(text), this.columns, '', '  ')) this.print(line);
  }

  /** The answer for programs. */
  printJson(document: unknown): void {
    this.host.stdout.write(shownJson(document, 2));
  }

  /** A line for the person that is not the answer; on a terminal, as many as it needs. */
  note(line: string): void {
    this.notes.write(shownLines(layNote(tame(this.advise(line)), columnsOf(this.host.stderr))));
  }

  /** What to do next, for somebody who looks. */
  suggest(line: string): void {
    if (this.interactive) this.note(this.paintNote('dim', line));
  }

  /** A message with the paths in it as people read them. */
  tildes(message: string): string {
    return tildes(message, this.host.home);
  }

  /** A path as people read it. */
  shortPath(path: string): string {
    return tilde(path, this.host.home);
  }

  cwd(): string {
    return this.#standing(this.host.cwd);
  }

  /**
   * A path that was typed, as an absolute one. The links that the person came through stay in it, but one that goes up
   * goes up from behind them, as every program takes it: a file that Tab has completed is there.
   *
   * @throws {UsageError} for an empty one, which is a variable that somebody has not set
   * @throws {LocalError} for a relative one when the working directory cannot be told
   */
  absolute(typed: string): string {
    if (typed === '') throw new UsageError('cannot use an empty path', 'a path; . is the working directory');
    const path = expandTilde(typed, this.host.home);
    if (isAbsolute(path)) return resolve(path);
    return resolve(this.#start(path), path);
  }

  /** A project as the person named it, for the daemon. */
  reference(text: string): string {
    if (text === '') throw new UsageError('cannot look for a project: its name is empty');
    return projectReference(text, (path) => this.#startOrLost(path), this.host.home);
  }

  /** What starts a daemon: what came with this command line, unless the environment names another one. */
  get #daemon(): ConnectOptions['daemon'] {
    const { env, daemonProgram } = this.host;
    return daemonInEnvironment(env) === undefined ? [process.execPath, daemonProgram] : undefined;
  }

  /** Where a relative path starts that was typed. */
  #start(path: string): string {
    return this.#standing(goesUp(path) ? this.host.realCwd : this.host.cwd);
  }

  /** The same for a place that is only looked up: nothing needs to be there any more. */
  #startOrLost(path: string): string {
    try {
      return this.#start(path);
    } catch (error) {
      const lost = error instanceof LocalError ? this.host.lostCwd() : undefined;
      if (lost === undefined) throw error;
      return lost;
    }
  }

  #standing(where: () => string): string {
    try {
      return where();
    } catch (error) {
      const reason = isMissing(error) ? 'it is gone' : systemReason(error);
      const other = error instanceof DamagedNameError ? 'whose name is' : 'that exists';
      const message = `cannot tell the working directory: ${reason}`;
      throw new LocalError(message, `from a directory ${other}`, error);
    }
  }
}

function goesUp(path: string): boolean {
  return /^\.\.(\/|$)/.test(normalize(path));
}
