/** An agent: a client of the Model Context Protocol that speaks lines, with the built `gardener mcp` that it has started. */
import { Duplex } from 'node:stream';
import type { CommandLine, Running, RunOptions } from './cli.ts';
import { LineClient, type Loose } from './lines.ts';

/** What a tool answers. */
export interface Told {
  readonly content: readonly { readonly type: 'text'; readonly text: string }[];
  readonly structuredContent?: Loose;
  readonly isError?: boolean;
}

/** What an agent does in a session. */
export interface Speaking {
  /** Its lines, for what is not done with a tool. */
  readonly peer: LineClient<Duplex>;
  /** Calls a tool, which may refuse; `isError` is for the test to look at. */
  tell(tool: string, args?: object): Promise<Told>;
  /** Calls a tool, which must succeed; gives its structured content. */
  use(tool: string, args?: object): Promise<NonNullable<Told['structuredContent']>>;
  /** Calls a tool, which must refuse; gives what the model is told. */
  refusal(tool: string, args?: object): Promise<string>;
}

export interface Agent extends Speaking, Running {}

/** What a client of the era of `initialize` opens with. */
export const INITIALIZE = {
  protocolVersion: '2025-06-18',
  capabilities: {},
  clientInfo: { name: 'test', version: '1' },
};

/** Starts `gardener mcp` and opens a session; ended with the test. */
export async function startAgent(
  cli: CommandLine,
  words: readonly string[] = [],
  options: RunOptions = {},
): Promise<Agent> {
  const running = cli.start(['mcp', ...words], { input: null, ...options });
  const { stdout: readable, stdin: writable } = running.child;
  return { ...running, ...(await openSession(Duplex.from({ readable, writable }))) };
}

/** Opens a session with whatever server is at the other end. */
export async function openSession(lines: Duplex): Promise<Speaking> {
  const peer = new LineClient<Duplex>(lines);
  await peer.call('initialize', INITIALIZE);
  peer.send({ jsonrpc: '2.0', method: 'notifications/initialized' });
  const tell = async (name: string, args: object = {}): Promise<Told> =>
    (await peer.call('tools/call', { name, arguments: args })) as unknown as Told;
  return {
    peer,
    tell,
    async use(tool, args) {
      const told = await tell(tool, args);
      if (told.isError || !told.structuredContent)
        throw new Error(`${tool} was refused: ${JSON.stringify(told)}`);
      return told.structuredContent;
    },
    async refusal(tool, args) {
      const told = await tell(tool, args);
      if (!told.isError) throw new Error(`${tool} was not refused: ${JSON.stringify(told)}`);
      return told.content.map(({ text }) => text).join('\n');
    },
  };
}
