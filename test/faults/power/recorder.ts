/** Goes through a scenario, and writes down what is asked and answered. */
import type { Answer, LineClient } from '../../support/lines.ts';
import { servedContent, type Stored } from '../support/content.ts';
import type { Machine } from './machine.ts';
import { locate, type Recording } from './recording.ts';
import { canonical, difference, type Patch, type State, stateOf } from './state.ts';

/** A step as it was asked for: its moments by name. */
export interface Asked {
  readonly name: string;
  /** The id of the answer, a mark, or null; the patch by itself, or the whole difference. */
  readonly changes: readonly { readonly answer: string | null; readonly patch: Patch }[];
  readonly careless: boolean;
  readonly backup: 'all' | 'before' | null;
}

export interface Keeping {
  readonly bytes: Buffer;
  readonly project: string | null;
  /** A mark. */
  readonly from: string;
  /** A step. */
  until: number | null;
}

export class Recorder {
  readonly machine: Machine;
  #client: LineClient | null = null;
  initial: State = new Map([['active', 'null']]);
  #state: State = this.initial;
  /** What was done and kept so far, with the moments by name. */
  readonly asked: Asked[] = [];
  readonly kept: Keeping[] = [];

  constructor(machine: Machine) {
    this.machine = machine;
  }

  get client(): LineClient {
    if (this.#client === null) throw new Error('no daemon was started');
    return this.#client;
  }

  /**
   * Starts the first daemon.
   *
   * @param planted whether there was a file before it, and one that was synced: otherwise nothing can be had of a crash
   *   before that is served
   */
  async begin(planted: false | 'synced' | 'unsynced'): Promise<void> {
    if (planted !== 'unsynced') await this.machine.mark('begin');
    this.#client = await this.machine.boot();
    if (planted === 'unsynced') await this.machine.mark('begin');
    if (planted === false) return;
    this.initial = stateOf(await servedContent(this.client));
    this.#state = this.initial;
  }

  /** Asks for one change. */
  async change(method: string, params: object): Promise<Answer> {
    let answer: Answer | undefined;
    await this.#step(method, {}, async () => {
      answer = await this.client.ask(method, params);
      if (answer.error) throw new Error(`${method} was refused: ${JSON.stringify(answer.error)}`);
      return answer.id as string;
    });
    return answer as Answer;
  }

  /** Asks for changes of several projects at once. */
  async together(changes: readonly { readonly method: string; readonly params: object }[]): Promise<void> {
    const name = await this.#begin();
    const answers = await Promise.all(changes.map(({ method, params }) => this.client.ask(method, params)));
    this.asked.push({
      name: `${name} together`,
      careless: false,
      backup: null,
      changes: answers.map(({ id, result, error }) => {
        if (error) throw new Error(`a change was refused: ${JSON.stringify(error)}`);
        const { etag, ...project } = result as Stored & { etag: string };
        if (typeof etag !== 'string') throw new Error('a project has no etag');
        return { answer: id as string, patch: new Map([[project.project_id, canonical(project)]]) };
      }),
    });
    this.#state = stateOf(await servedContent(this.client));
  }

  /**
   * Somebody else does something to the files, and the daemon has taken it in when `done` resolves.
   *
   * @param options.careless they sync nothing
   * @param options.adopted the daemon then serves what it found, to whoever asks
   */
  async outside(
    name: string,
    { careless, adopted = false }: { careless: boolean; adopted?: boolean },
    command: string,
    done: (client: LineClient) => Promise<void>,
  ): Promise<void> {
    await this.#step(name, { careless, adopted }, async () => {
      await this.machine.run(command);
      await done(this.client);
      if (!adopted) return null;
      const served = `served-${this.asked.length}`;
      await this.machine.mark(served);
      return served;
    });
  }

  /** Ends the daemon, which may have a change to finish, and starts another. */
  async restart(signal: 'TERM' | 'KILL', unfinished?: { method: string; params: object }): Promise<void> {
    const before = this.#state;
    const name = await this.#begin();
    const answer = unfinished && this.client.ask(unfinished.method, unfinished.params);
    // Once the daemon answers what was asked later, it has the request, and its answer is waiting for the disk.
    if (unfinished) await this.client.ask('daemon.ping');
    await this.machine.stop(signal);
    const finished = await answer;
    if (finished?.error) throw new Error(`a change was refused: ${JSON.stringify(finished.error)}`);
    await this.machine.mark(`end-${name}`);
    this.#client = await this.machine.boot();
    this.#state = stateOf(await servedContent(this.client));
    const patch = difference(before, this.#state);
    // A daemon that was killed has made nothing safe.
    const end = { answer: signal === 'TERM' ? `end-${name}` : null, patch: new Map() };
    this.asked.push({
      name: `${name} restart by ${signal}`,
      careless: false,
      backup: signal === 'TERM' ? 'all' : null,
      changes: finished ? [{ answer: finished.id as string, patch }, end] : [{ ...end, patch }],
    });
  }

  /** Ends the daemon, which leaves a copy of everything. */
  async end(): Promise<void> {
    const name = await this.#begin();
    await this.machine.stop('TERM');
    await this.machine.mark(`end-${name}`);
    const changes = [{ answer: `end-${name}`, patch: new Map() }];
    this.asked.push({ name: `${name} end`, careless: false, backup: 'all', changes });
  }

  /**
   * Somebody spoils the file while no daemon runs. The next one serves what the last one did, and keeps what it found.
   *
   * @param command leaves these bytes, synced
   */
  async recover(command: string, bytes: Buffer): Promise<void> {
    const before = this.#state;
    await this.#step('a start with a spoilt file', { careless: true }, async () => {
      await this.machine.run(command);
      await this.keep(bytes, null);
      this.#client = await this.machine.boot();
      const served = `served-${this.asked.length}`;
      await this.machine.mark(served);
      return served;
    });
    if (difference(before, this.#state).size > 0) throw new Error('the copy of everything was not served');
  }

  /** A file that has to be there from now on: a project's own, or a content of the registry. */
  async keep(bytes: Buffer, project: string | null): Promise<void> {
    const from = `keep-${this.kept.length}`;
    await this.machine.mark(from);
    this.kept.push({ bytes, from, project, until: null });
  }

  /** The files of a project need not be there any more once the last change is made. */
  release(project: string): void {
    for (const kept of this.kept) if (kept.project === project) kept.until = this.asked.length - 1;
  }

  async record(): Promise<Recording> {
    return locate(await this.machine.record(), this.machine.root, this);
  }

  async #begin(): Promise<string> {
    const name = `step-${this.asked.length}`;
    await this.machine.mark(name);
    return name;
  }

  async #step(
    what: string,
    { careless = false, adopted = false }: { careless?: boolean; adopted?: boolean },
    act: () => Promise<string | null>,
  ): Promise<void> {
    const name = `${await this.#begin()} ${what}`;
    const before = this.#state;
    const answer = await act();
    this.#state = stateOf(await servedContent(this.client));
    this.asked.push({
      name,
      careless,
      // Whatever is served in the place of something else, that is kept first.
      backup: adopted ? 'before' : null,
      changes: [{ answer, patch: difference(before, this.#state) }],
    });
  }
}
