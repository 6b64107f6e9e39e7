/** Tells the agent's program which resources are other, of those that it wants to be told of. */
import { type McpServer, type RequestId, ResourceNotFoundError } from '@modelcontextprotocol/server';
import type { Session } from '../session.ts';
import { Following } from './following.ts';
import { LIST } from './known.ts';
import { resourceOf } from './uris.ts';

/** What comes within this time is told together. Milliseconds. */
const TOGETHER_MS = 100;
/** Nobody looks at more at a time. */
export const MAX_WANTED = 1_000;

/** Addresses as they were given, with the resources that they mean. */
type Wanted = Map<string, string>;

export class Updates {
  readonly #following: Following;
  readonly #servers = new Set<McpServer>();
  readonly #subscribed: Wanted = new Map();
  /** In the later era: of each request that listens. */
  readonly #listened = new Map<RequestId, Wanted>();
  readonly #changed = new Set<string>();

  constructor(session: Session) {
    this.#following = new Following(session, (changed) => this.#note(changed));
  }

  /** Has this server tell, until it is closed. */
  tellBy(server: McpServer): void {
    this.#servers.add(server);
    // oxlint-disable-next-line unicorn/prefer-add-event-listener -- it is no event target
    server.server.onclose = () => void this.#servers.delete(server);
  }

  /**
   * Has the program told from now on when there are other projects, once it knows which there are.
   *
   * @returns why that cannot be done now, if it cannot
   */
  follow(): Promise<Error | undefined> {
    return this.#following.begin();
  }

  /** @throws {Error} where nothing would be told */
  async subscribe(uri: string): Promise<void> {
    const resource = resourceOf(uri);
    if (resource === undefined) throw new ResourceNotFoundError(uri);
    if (!this.#subscribed.has(uri)) this.#requireRoom(1);
    this.#subscribed.set(uri, resource);
    const why = await this.follow();
    if (why === undefined) return;
    this.unsubscribe(uri);
    throw why;
  }

  unsubscribe(uri: string): void {
    this.#subscribed.delete(uri);
  }

  /**
   * Has the program told of these, as long as the request listens. Resolves when nothing is missed any more, or when that is
   * so later: whoever reads a resource is told why it cannot be reached.
   *
   * @returns whether it listens still
   * @throws {Error} for too many
   */
  async listen(request: RequestId, uris: readonly string[]): Promise<boolean> {
    const wanted: Wanted = new Map();
    for (const uri of uris) {
      const resource = resourceOf(uri);
      if (resource !== undefined) wanted.set(uri, resource);
    }
    this.#listened.delete(request);
    this.#requireRoom(wanted.size);
    this.#listened.set(request, wanted);
    await this.follow();
    return this.#listened.get(request) === wanted;
  }

  /** Takes that back, if it listens. */
  endListening(request: RequestId): void {
    this.#listened.delete(request);
  }

  #requireRoom(more: number): void {
    const all = this.#all.reduce((sum, { size }) => sum + size, 0);
    if (all + more > MAX_WANTED)
      throw new Error(
        `cannot tell of more than ${MAX_WANTED} resources at a time; end what is not needed any more`,
      );
  }

  get #all(): readonly Wanted[] {
    return [this.#subscribed, ...this.#listened.values()];
  }

  #note(changed: ReadonlySet<string>): void {
    if (this.#changed.size === 0) setTimeout(() => this.#tell(), TOGETHER_MS);
    for (const resource of changed) this.#changed.add(resource);
  }

  #tell(): void {
    const wanted = new Map(this.#all.flatMap((one) => [...one]));
    const uris = [...wanted].filter(([, resource]) => this.#changed.has(resource));
    const isOther = this.#changed.has(LIST);
    this.#changed.clear();
    for (const { server } of this.#servers) {
      const told = uris.map(([uri]) => server.sendResourceUpdated({ uri }));
      if (isOther) told.push(server.sendResourceListChanged());
      // A server that is just being closed tells nobody anything.
      void Promise.allSettled(told);
    }
  }
}
