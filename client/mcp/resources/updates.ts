/** Tells the agent's program which resources are other, of those that it wants to be told of. */
import type { JSONRPCMessage, McpServer } from '@modelcontextprotocol/server';
import { isJsonObject } from '../../../src/domain/values/json.ts';
import type { Session } from '../session.ts';
import { Following } from './following.ts';
import { LIST } from './known.ts';
import { resourceOf } from './uris.ts';

/** What comes within this time is told together. Milliseconds. */
const TOGETHER_MS = 100;
/** Nobody looks at more at a time. */
const MAX_WANTED = 1_000;

export class Updates {
  readonly #following: Following;
  readonly #servers = new Set<McpServer>();
  /** Addresses as they were given, with the resources that they mean. */
  readonly #wanted = new Map<string, string>();
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
    if (!this.#want(uri))
      throw new Error(`cannot tell of ${uri}: ${MAX_WANTED} resources are told of already`);
    const why = await this.follow();
    if (why !== undefined) throw why;
  }

  unsubscribe(uri: string): void {
    this.#wanted.delete(uri);
  }

  /** Takes from a message what a program of the later era listens to: the SDK answers that by itself, and tells nobody. */
  hear(message: JSONRPCMessage): void {
    if (!('method' in message) || message.method !== 'subscriptions/listen') return;
    const filter = message.params?.['notifications'];
    if (!isJsonObject(filter)) return;
    const { resourcesListChanged: isList, resourceSubscriptions: given } = filter;
    const uris = Array.isArray(given) ? given.filter((uri) => typeof uri === 'string') : [];
    if (isList !== true && uris.length === 0) return;
    for (const uri of uris) this.#want(uri);
    // Whoever reads a resource is told why it cannot be reached.
    void this.follow();
  }

  #want(uri: string): boolean {
    const resource = resourceOf(uri);
    if (resource === undefined || (this.#wanted.size >= MAX_WANTED && !this.#wanted.has(uri))) return false;
    this.#wanted.set(uri, resource);
    return true;
  }

  #note(changed: ReadonlySet<string>): void {
    if (this.#changed.size === 0) setTimeout(() => this.#tell(), TOGETHER_MS);
    for (const resource of changed) this.#changed.add(resource);
  }

  #tell(): void {
    const uris = [...this.#wanted].filter(([, resource]) => this.#changed.has(resource));
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
