/** An agent whose server is in this process, as is the daemon: what a tool does is seen without the start of a program. */
import { Duplex, PassThrough } from 'node:stream';
import { StdioServerTransport } from '@modelcontextprotocol/server/stdio';
import { onTestFinished } from 'vitest';
import { type Client, connect } from '../../client/index.ts';
import { createServer } from '../../client/mcp/server.ts';
import { Session } from '../../client/mcp/session.ts';
import { openSession, type Speaking } from './agent.ts';
import { type RunningDaemon, startDaemon } from './daemon.ts';

export interface AgentHere extends Speaking {
  /** The registry, as a client of its own has it. */
  readonly registry: Client;
  readonly running: RunningDaemon;
}

/** An agent with a registry of its own, that holds nothing; ended with the test. */
export async function agentHere(): Promise<AgentHere> {
  const running = await startDaemon();
  const { paths } = running;
  const open = async (): Promise<Client> => {
    const client = await connect({ dataDir: paths.dataDir, socket: paths.socket, autoStart: false });
    onTestFinished(() => client.close());
    return client;
  };
  const [input, output] = [new PassThrough(), new PassThrough()];
  const session = new Session(open);
  const server = createServer(session, { allowWork: false });
  await server.connect(new StdioServerTransport(input, output));
  onTestFinished(async () => {
    await server.close();
    await session.close();
  });
  const speaking = await openSession(Duplex.from({ readable: output, writable: input }));
  return { ...speaking, registry: await open(), running };
}
