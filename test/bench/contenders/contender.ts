/** What a contender can be asked to do. */
import type { BenchProject } from '../projects.ts';

/** Where a contender keeps its data and listens; made anew for each measurement. */
export interface Place {
  readonly dataDir: string;
  readonly socket: string;
  /** The registry's content, as a JSON file that is there before the start. */
  readonly file: string;
}

/** A server under way; contenders without one have none to stop. */
export interface Server {
  readonly pid: number | undefined;
  stop(): Promise<void>;
}

export interface Session {
  get(id: string): Promise<BenchProject>;
  list(): Promise<BenchProject[]>;
  /** Resolves once the change is durable. */
  setStatus(id: string, status: string): Promise<void>;
  /** Calls back with the status that each change has set. */
  subscribe?(onChange: (status: string) => void): Promise<void>;
  close(): Promise<void>;
}

export interface Contender {
  readonly name: ContenderName;
  /** Why it cannot take part here; null when it can. */
  unavailable(): Promise<string | null>;
  /** @param cores the processor that the server is bound to, for taskset; undefined for any */
  start(place: Place, core?: number): Promise<Server>;
  connect(place: Place): Promise<Session>;
}

export const CONTENDERS = [
  'registry',
  'net + JSON',
  'vscode-jsonrpc',
  'jayson',
  'Redis',
  'SQLite',
  'file each time',
  'lock + file',
  'bare loop',
] as const;
export type ContenderName = (typeof CONTENDERS)[number];
