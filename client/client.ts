/** The registry as a caller sees it: one function per method, over a connection that is made anew when it is lost. */
import { hostname } from 'node:os';
import { findHome } from '../src/paths.ts';
import type { MethodName, Result } from '../src/protocol/methods.ts';
import { deadlineIn, inMs, inTime } from './wire/deadline.ts';
import { ConnectionError } from './errors.ts';
import type { Greeted } from './reach/greet.ts';
import type { Client } from './api.ts';
import { sendable } from './carried.ts';
import type { ProjectAdder } from './codebase/project-adder.ts';
import { isAboutCodebase, withCodebase } from './codebase/params.ts';
import { late, loadSoon } from './late.ts';
import { isLease, Leased } from './leased.ts';
import { Link, type NotificationListener, type Open } from './link.ts';
import { fit, isReport, sendReport, tellMissed } from './reported.ts';
import type { TrainingRunner } from './training/training-runner.ts';
import { watch, type WatchEvent, type WatchOptions } from './watch.ts';
import { type CallArguments, type CallOptions, type Family, family, isRepeatable } from './verbs.ts';
import { isJsonObject } from '../src/domain/values/json.ts';
import { isRefusal } from '../src/domain/values/refusal.ts';

export type { Client };

/** What gives a lease. */
const GRANTS: ReadonlySet<string> = new Set(['training.begin', 'training.claim']);

/** Different warnings about reports; whoever has read so many knows. */
const MAX_TOLD = 100;

interface ClientOptions {
  /** Makes another connection when one is lost. */
  readonly open: Open;
  /** Of calls that name none. Milliseconds. */
  readonly deadline: number;
  /** Told what was left out of a trainer's report, and what a training that completed lacks. */
  readonly warn: (message: string) => void;
  /** The daemon may be on another machine. */
  readonly socketAlone: boolean;
}

/** What stands on a client needs beside its methods. */
export interface Footing {
  readonly client: Client;
  /** Aborted when the client is closed. */
  readonly closed: AbortSignal;
  /** Whether paths mean the same to the daemon as here, as far as it tells. */
  readonly isHere: () => boolean;
  /** What `onWarning` of the client is told, once each. */
  readonly tell: (message: string) => void;
  /** What is done before `training.complete`, for whoever makes that call by {@link Footing.complete}. */
  readonly secure: (params: unknown, options: Reporting) => Promise<unknown>;
  /** `training.complete` of what is secured. */
  readonly complete: (params: unknown, options: Reporting) => Promise<Result<'training.complete'>>;
}

interface Reporting extends CallOptions {
  readonly onWarning: NonNullable<CallOptions['onWarning']>;
}

/** The client that {@link connect} makes. */
export class RegistryClient implements Client {
  readonly daemon: Family<'daemon'> = family('daemon', this.#call.bind(this));
  readonly registry: Family<'registry'> = family('registry', this.#call.bind(this));
  readonly projects: Family<'projects'> & ProjectAdder = family<'projects', ProjectAdder>(
    'projects',
    this.#call.bind(this),
    {
      add: async (...args) => (await late(import('./codebase/add.ts'))).add(this.footing(), ...args),
    },
  );
  readonly training: Family<'training'> & TrainingRunner = family<'training', TrainingRunner>(
    'training',
    this.#call.bind(this),
    {
      run: async (...args) => (await late(import('./training/run.ts'))).run(this.footing(), ...args),
    },
  );
  readonly rpc: Family<'rpc'> = family('rpc', this.#call.bind(this));

  readonly #options: ClientOptions;
  readonly #closed: () => void;
  readonly #told = new Set<string>();
  readonly #leased = new Leased();
  readonly #link: Link;

  /** @param first a connection to begin with */
  constructor(first: Greeted, options: ClientOptions) {
    this.#options = options;
    this.#link = new Link(first, options.open);
    this.#closed = loadSoon();
  }

  get hello(): Result<'daemon.hello'> {
    return this.#link.current.hello;
  }

  call<M extends MethodName>(method: M, ...args: CallArguments<M>): Promise<Result<M>> {
    const [params, options] = args;
    return this.#call(method, params, options) as Promise<Result<M>>;
  }

  get connected(): boolean {
    return this.#link.current.connection.alive;
  }

  watch(options?: WatchOptions): AsyncGenerator<WatchEvent, void, void> {
    return watch(this, options);
  }

  onNotification(listener: NotificationListener): () => void {
    return this.#link.onNotification(listener);
  }

  onLost(listener: () => void): () => void {
    return this.#link.onLost(listener);
  }

  close(): Promise<void> {
    this.#closed();
    return this.#link.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** What stands on a client needs beside its methods; see {@link footingOf}. */
  footing(): Footing {
    return {
      client: this,
      closed: this.#link.closed,
      isHere: () => this.#isHere(),
      tell: (message) => this.#tell(message),
      secure: (params, options) => this.#withOutput(params, options),
      complete: (params, options) =>
        this.#report('training.complete', params, options) as Promise<Result<'training.complete'>>,
    };
  }

  async #call(method: string, given: unknown, options: CallOptions = {}): Promise<unknown> {
    if (!isReport(method)) {
      const result = await this.#send(method, sendable(given), options);
      this.#leased.note(result);
      return result;
    }
    const onWarning = options.onWarning ?? ((what: string) => this.#tell(`${method}: ${what}`));
    const reporting = { ...options, onWarning };
    const report = method === 'training.complete' ? await this.#withOutput(given, reporting) : given;
    return await this.#report(method, report, reporting);
  }

  async #report(method: string, given: unknown, options: Reporting): Promise<unknown> {
    const { onWarning: tell } = options;
    const result = await sendReport((params) => this.#send(method, params, options), given, tell);
    tellMissed(result, tell);
    return result;
  }

  async #send(method: string, given: unknown, options: CallOptions): Promise<unknown> {
    let params = given;
    const { deadline: ms = this.#options.deadline + waitOf(params), signal } = options;
    const late = GRANTS.has(method) ? (granted: unknown) => this.#giveBack(granted) : undefined;
    const patience = { deadline: deadlineIn(ms, () => tooLate(method, ms)), signal, late };
    // Half of the time at most: without what git says the call is of use all the same.
    if (isAboutCodebase(method) && this.#isHere())
      params = await inTime(
        withCodebase(method, params, ms / 2, (project) =>
          this.#pathOf(project, { deadline: ms / 2, signal }),
        ),
        patience,
      );
    for (let repeated = false; ;) {
      const { connection: known } = this.#link.current;
      const connection = known.alive ? known : await this.#link.renew(patience);
      try {
        return await connection.request(method, params, patience);
      } catch (error) {
        if (isRefusal(error, 'shutting_down')) {
          // It was not done. The daemon closes the connection when it has drained, and another one takes over.
          await inTime(connection.closed, patience);
          continue;
        }
        const lost = error instanceof ConnectionError && error.reason === 'lost';
        if (!lost || repeated || (error.sent && !isRepeatable(method))) throw error;
        repeated = true;
      }
    }
  }

  /** A lease that comes when nobody waits for it any more is to be held by nobody. */
  #giveBack(granted: unknown): void {
    if (!isLease(granted)) return;
    const { project, token } = granted;
    // Where that is refused it is held no more; where nobody can be told, the connection is lost and the lease with it.
    this.training.release({ project: project.project_id, token }).catch(() => undefined);
  }

  /** Where the codebase of a project is that is to be trained; undefined where the call that follows will say why not. */
  async #pathOf(project: string, options: CallOptions): Promise<string | undefined> {
    type Found = Partial<Result<'projects.get'>>;
    const asked = this.#send('projects.get', { project, to_change: true }, options) as Promise<Found>;
    const { source_path: path, trained_from: from } = await asked.catch((): Found => ({}));
    // A daemon of an earlier version knows of no source, and would refuse it.
    return from === undefined ? undefined : path;
  }

  /** What completes a training, once what that has made is on the disk. */
  async #withOutput(given: unknown, { signal, onWarning: tell }: Reporting): Promise<unknown> {
    // What the registry cannot take as a path nobody is to look for.
    const params = fit(given, tell);
    const idOf = async (project: string) => (await this.projects.get({ project }, { signal })).project_id;
    const lease = this.#isHere() ? await this.#leased.find(params, idOf) : undefined;
    if (!lease) return params;
    const { project, token, output } = lease;
    // Whether the lease is lost is said by the call that ends it.
    const alive = (): void => void this.training.progress({ project, token }).catch(() => undefined);
    const { secured } = await late(import('./output/secured.ts'));
    signal?.throwIfAborted();
    return await inTime(secured(params, output, { alive, tell, signal }), { signal });
  }

  /** Whether paths mean the same to the daemon as here, as far as it tells. */
  #isHere(): boolean {
    const { host, home }: Partial<Result<'daemon.hello'>> = this.hello;
    if (host !== undefined && host !== hostname()) return false;
    // Machines may have one name.
    return !this.#options.socketAlone || home === undefined || home === findHome();
  }

  /** Once each: a loss that is not a number is none in the next report either. */
  #tell(message: string): void {
    if (this.#told.has(message) || this.#told.size >= MAX_TOLD) return;
    this.#told.add(message);
    this.#options.warn(message);
  }
}

/**
 * What the library and the command line stand on that is nobody else's.
 *
 * @param client made by `connect`
 */
export function footingOf(client: Client): Footing {
  if (!(client instanceof RegistryClient))
    throw new TypeError('cannot train by a client that connect() has not made');
  return client.footing();
}

/** A call that asks the daemon to wait may take that much longer. */
function waitOf(params: unknown): number {
  const wait = isJsonObject(params) ? params['wait_ms'] : undefined;
  return typeof wait === 'number' ? wait : 0;
}

function tooLate(method: string, ms: number): ConnectionError {
  return new ConnectionError(
    'timeout',
    `cannot finish ${method}: no answer within ${inMs(ms)}; a change may still be made, so look before repeating it`,
    { sent: true },
  );
}
