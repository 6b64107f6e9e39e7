/** The trainings that an agent has claimed in its session. */
import type { Client } from '../../client.ts';
import type { Session } from '../session.ts';
import { beginLease } from '../../training/begin.ts';
import { isRefusal } from '../../../src/domain/values/refusal.ts';
import type { WireProject } from '../../../src/domain/encoding.ts';
import { MAX_STALL_MS } from '../../../src/domain/project.ts';
import { ClaimedTraining, isUnheard } from './claimed-training.ts';
import { handleOf, whyStrange } from './handle.ts';

/** Trainings that a session may hold at a time: others want some, too. */
const MAX_HELD = 8;
/** Trainings that are remembered after their end, for an agent that asks once more. */
const MAX_OVER = 100;

export class Work {
  readonly #session: Session;
  /** By their handles, in the order in which they were claimed; some are over. */
  readonly #claimed = new Map<string, ClaimedTraining>();
  readonly #claiming = new Set<Promise<unknown>>();
  readonly #over = new AbortController();
  #holding: Promise<Client> | undefined;
  /** How many leases are being asked for. */
  #asked = 0;

  constructor(session: Session) {
    this.#session = session;
    session.hold(() => this.#giveUp());
  }

  /** Those that are to be finished, the oldest first. */
  get held(): readonly ClaimedTraining[] {
    return [...this.#claimed.values()].filter(({ isOver }) => !isOver);
  }

  /**
   * Claims the training of a project, or of the one that has waited longest. Of a project that this session holds it is the
   * one that it has.
   *
   * @returns null where none waits
   * @throws {RegistryError} as for `lease_held`
   */
  async claim(project: string | undefined, signal: AbortSignal): Promise<ClaimedTraining | null> {
    const claiming = this.#claim(project, signal);
    this.#claiming.add(claiming);
    try {
      return await claiming;
    } finally {
      this.#claiming.delete(claiming);
    }
  }

  /**
   * Does something with a training that was claimed; where no daemon runs one is started, also meanwhile.
   *
   * @throws why there is none of this handle in the session, and what the call throws
   */
  async with<T>(
    handle: string,
    signal: AbortSignal,
    call: (training: ClaimedTraining) => Promise<T>,
  ): Promise<T> {
    const found = this.#claimed.get(handle.trim());
    if (!found) throw await whyStrange(await this.#session.client(), handle.trim(), signal);
    try {
      if (!found.isOver) await this.#client(signal);
      return await call(found);
    } catch (error) {
      throw found.retold(error);
    }
  }

  /** Gives back what is held, also what is just being claimed. */
  async #giveUp(): Promise<void> {
    this.#over.abort();
    await Promise.allSettled(this.#claiming);
    // What cannot be told the daemon, it sees: whoever had it is gone.
    await Promise.allSettled(this.held.map((one) => one.giveUp()));
    await (await this.#holding?.catch(() => undefined))?.close();
  }

  /**
   * The connection that holds the leases, with a daemon that is started where none runs. It starts none itself when it is lost:
   * whoever has ended the daemon means that, and the leases wait for the next one.
   */
  async #client(signal: AbortSignal): Promise<Client> {
    // A call that only reads is repeated where the daemon has just been lost.
    await (await this.#session.client()).projects.count({}, { signal });
    this.#holding ??= this.#session.observe(this.#over.signal).catch((error: unknown) => {
      this.#holding = undefined;
      throw error;
    });
    return await this.#holding;
  }

  /** Has a daemon run, where one may be started; where none may, whoever needs it is told so. */
  async #wake(): Promise<void> {
    try {
      await (await this.#session.client()).projects.count();
    } catch (error) {
      if (!isUnheard(error)) throw error;
    }
  }

  async #claim(project: string | undefined, signal: AbortSignal): Promise<ClaimedTraining | null> {
    const client = await this.#client(signal);
    if (this.held.length + this.#asked >= MAX_HELD) throw this.#tooMany();
    const terms = { stall_ms: MAX_STALL_MS };
    const begin = () =>
      project === undefined ? client.training.claim(terms) : client.training.begin({ ...terms, project });
    let begun: Awaited<ReturnType<typeof begin>>;
    this.#asked += 1;
    try {
      begun = await beginLease(client, begin, { signal });
    } catch (error) {
      const own = this.#ownOf(error);
      if (own) return own;
      throw error;
    } finally {
      this.#asked -= 1;
    }
    const isFromQueue = project === undefined;
    return begun && this.#keep(new ClaimedTraining(begun, { client, isFromQueue, wake: () => this.#wake() }));
  }

  #tooMany(): Error {
    const { held } = this;
    const asked = this.#asked > 0 ? ` and is claiming ${this.#asked}` : '';
    const which = held.length > 0 ? `: ${namesOf(held)}` : '';
    return new Error(
      `cannot claim another training: this session has ${held.length}${asked}; finish one with finish_training${which}`,
    );
  }

  #keep(claimed: ClaimedTraining): ClaimedTraining {
    this.#claimed.set(claimed.handle, claimed);
    for (const [handle, { isOver }] of this.#claimed)
      if (this.#claimed.size > MAX_OVER && isOver) this.#claimed.delete(handle);
    return claimed;
  }

  /** The training in the way, where that is one of this session; an agent may have forgotten it. */
  #ownOf(error: unknown): ClaimedTraining | undefined {
    if (!isRefusal(error, 'lease_held')) return undefined;
    const { project_id: project, training } = error.data['project'] as WireProject;
    const own = this.#claimed.get(handleOf({ project, token: training?.token ?? 0 }));
    return own?.isOver ? undefined : own;
  }
}

function namesOf(held: readonly ClaimedTraining[]): string {
  return held.map(({ name, handle }) => `"${name}" (handle ${handle})`).join(', ');
}
