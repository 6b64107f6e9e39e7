/** A subscriber on a connection of its own, and a copy of the registry that is built from nothing but events. */
import type { WireProject } from '../../src/domain/encoding.ts';
import { type EventNotification, events, type RegistryEvent } from '../../src/protocol/events.ts';
import type { LineClient } from './lines.ts';

/** What a watch is answered with. */
interface Watched {
  readonly subscription: string;
  readonly cursor: string;
  readonly projects?: readonly WireProject[];
  readonly active_project?: string | null;
}

export class Subscriber {
  /** What the watch was answered with. */
  readonly answer: Watched;
  /** Where the history stood with the last event that was taken. */
  cursor: string;
  readonly #peer: LineClient;
  readonly #waiting: RegistryEvent[] = [];

  constructor(peer: LineClient, answer: Watched) {
    this.#peer = peer;
    this.answer = answer;
    this.cursor = answer.cursor;
  }

  /** The next notification of this subscription, as it came. */
  async notification(): Promise<EventNotification> {
    for (;;) {
      const { method, params } = await this.#peer.next();
      if (method !== 'registry.event') throw new Error(`an answer came where an event was expected`);
      const notification = params as EventNotification;
      if (notification.subscription !== this.answer.subscription) continue;
      this.cursor = notification.cursor;
      notification.events.forEach(requireDeclared);
      return notification;
    }
  }

  /** The next events, in whatever notifications they come. */
  async take(count: number): Promise<RegistryEvent[]> {
    while (this.#waiting.length < count) this.#waiting.push(...(await this.notification()).events);
    return this.#waiting.splice(0, count);
  }

  /** The events up to one that is waited for, that one included. */
  async until(wanted: (event: RegistryEvent) => boolean): Promise<RegistryEvent[]> {
    for (;;) {
      const at = this.#waiting.findIndex(wanted);
      if (at !== -1) return this.#waiting.splice(0, at + 1);
      this.#waiting.push(...(await this.notification()).events);
    }
  }

  /** The events up to the removal of a project of this name, which says that nothing before it is missing. */
  untilRemoved(name: string): Promise<RegistryEvent[]> {
    return this.until((event) => event.type === 'removed' && nameOf(event) === name);
  }
}

/** @throws {Error} for an event that is not as it is declared */
function requireDeclared(event: RegistryEvent): void {
  const declared = events.find(({ type }) => type === event.type);
  if (!declared) throw new Error(`the daemon sent ${event.type}: declare it in src/protocol/events.ts`);
  declared.schema.strict().parse(event);
}

/** Subscribes on a connection that is used for nothing else. */
export async function subscribe(peer: LineClient, params: object = {}): Promise<Subscriber> {
  const { result, error } = await peer.ask('registry.watch', params);
  if (error) throw new Error(`the watch was refused: ${JSON.stringify(error)}`);
  return new Subscriber(peer, result as Watched);
}

/** So many changes of one project, as a batch, with events of about 1.5 KB each. */
export function manyUpdates(count: number, project: string): object[] {
  return Array.from({ length: count }, (_, id) => ({
    jsonrpc: '2.0',
    id,
    method: 'projects.update',
    params: { project, metadata: { n: id, padding: 'x'.repeat(200) } },
  }));
}

/** What an event is about, in short: `updated a`, `activated -`, `resync`. */
export function brief(event: RegistryEvent): string {
  if (event.type === 'activated') return `activated ${event.project?.name ?? '-'}`;
  return 'project_id' in event ? `${event.type} ${nameOf(event)}` : event.type;
}

function nameOf(event: RegistryEvent): string | undefined {
  if ('project' in event && event.project) return event.project.name;
  const previous = 'previous' in event ? event.previous : null;
  return typeof previous === 'object' ? previous?.name : undefined;
}

export interface State {
  readonly active: string | null;
  /** Sorted by id. */
  readonly projects: readonly WireProject[];
}

/** What a client that applies every event has. */
export class Replica {
  #active: string | null = null;
  #projects = new Map<string, WireProject>();

  constructor({ projects = [], active_project = null }: Partial<Watched> = {}) {
    this.#replace(projects, active_project);
  }

  /** @throws {Error} when the event does not follow from those before */
  apply(event: RegistryEvent): void {
    switch (event.type) {
      case 'registered':
      case 'updated':
      case 'training':
      case 'progress': {
        const { project_id: id, project } = event;
        if (id === null || !project) throw new Error(`${event.type} without a project`);
        if (this.#projects.has(id) === (event.type === 'registered'))
          throw new Error(`${brief(event)}: a gap`);
        const previous = 'previous' in event ? event.previous : null;
        if (typeof previous === 'object' && previous && previous.etag !== this.#projects.get(id)?.etag)
          throw new Error(`${brief(event)}: something before it is missing`);
        this.#projects.set(id, project);
        return;
      }
      case 'removed':
        if (!this.#projects.delete(event.project_id ?? ''))
          throw new Error(`${brief(event)}: it was not there`);
        return;
      case 'activated':
        if (event.previous !== this.#active) throw new Error(`${brief(event)}: another was active before`);
        this.#active = event.project_id;
        return;
      case 'resync':
        this.#replace(event.projects, event.active_project);
        break;
      case 'problem':
      case 'recovered':
      case 'shutdown':
    }
  }

  get state(): State {
    return { active: this.#active, projects: sorted([...this.#projects.values()]) };
  }

  #replace(projects: readonly WireProject[], active: string | null): void {
    this.#projects = new Map(projects.map((project) => [project.project_id, project]));
    this.#active = active;
  }
}

/** The same as the daemon answers it. */
export async function servedState(peer: LineClient): Promise<State> {
  const { projects } = await peer.call('projects.list');
  const { active_project: active } = await peer.call('registry.info');
  return {
    active: active as string | null,
    projects: sorted(projects as unknown as readonly WireProject[]),
  };
}

function sorted(projects: readonly WireProject[]): readonly WireProject[] {
  return projects.toSorted((a, b) => (a.project_id < b.project_id ? -1 : 1));
}
