/** Programs that nobody here wrote, as agents that have started the built `gardener mcp`. */
import { Client, type VersionNegotiationMode } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { Client as EarlierClient } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport as EarlierTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { ResourceUpdatedNotificationSchema } from '@modelcontextprotocol/sdk/types.js';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { expect, onTestFinished } from 'vitest';
import { builtProgram, type CommandLine } from '../../support/cli.ts';
import { environment } from '../../support/home.ts';
import type { Loose } from '../../support/lines.ts';

/** What a tool has told, which the client has compared with the schema of the tool. */
export interface Told {
  readonly content: readonly { readonly text?: string }[];
  readonly structuredContent?: Loose;
  readonly isError?: boolean;
}

export interface Agent {
  readonly pid: number;
  tell(tool: string, args?: Record<string, unknown>): Promise<Told>;
  /** Its client, for what is not done with a tool. */
  readonly client: Pick<EarlierClient, 'complete' | 'listResources' | 'readResource'>;
  /** Wants to be told when a resource is another; resolves when it will be. */
  watch(uri: string, told: (uri: string) => void): Promise<void>;
  /** Ends the server as this client does, which is told when that has been done. */
  close(): Promise<void>;
}

/** Starts the server with these words, and opens a session. */
export type Open = (cli: CommandLine, words?: readonly string[]) => Promise<Agent>;

const AGENT = { name: 'somebody-elses-agent', version: '7' };

export const PROGRAMS: Readonly<Record<string, Open>> = {
  'the client of version 2, as it comes': later('legacy', '2025-11-25'),
  'the client of version 2 that finds out': later('auto', '2026-07-28'),
  'the client of version 2 that speaks nothing else': later({ pin: '2026-07-28' }, '2026-07-28'),
  'the client of version 1': async (cli, words) => {
    const transport = new EarlierTransport(server(cli, words));
    const client = new EarlierClient(AGENT);
    const agent = await opened(client, transport, () => client.connect(transport));
    return {
      ...agent,
      async watch(uri, told) {
        client.setNotificationHandler(ResourceUpdatedNotificationSchema, ({ params }) => told(params.uri));
        await client.subscribeResource({ uri });
      },
    };
  },
};

/** @param revision that both have to agree on */
function later(mode: VersionNegotiationMode, revision: string): Open {
  return async (cli, words) => {
    const transport = new StdioClientTransport(server(cli, words));
    const client = new Client(AGENT, { versionNegotiation: { mode } });
    const agent = await opened(client, transport, () => client.connect(transport));
    expect(client.getNegotiatedProtocolVersion()).toBe(revision);
    return {
      ...agent,
      async watch(uri, told) {
        client.setNotificationHandler('notifications/resources/updated', ({ params }) => told(params.uri));
        await (mode === 'legacy'
          ? client.subscribeResource({ uri })
          : client.listen({ resourceSubscriptions: [uri] }));
      },
    };
  };
}

function server({ home }: CommandLine, words: readonly string[] = []) {
  const args = [builtProgram('gardener.js'), 'mcp', ...words];
  const env = environment(home) as Record<string, string>;
  return { command: process.execPath, args, env, cwd: home, stderr: 'inherit' as const };
}

async function opened(
  client: Client | EarlierClient,
  transport: { readonly pid: number | null },
  connect: () => Promise<void>,
): Promise<Omit<Agent, 'watch'>> {
  onTestFinished(() => client.close());
  await connect();
  const { pid } = transport;
  if (pid === null) throw new Error('the client has started nothing');
  // Only then a client knows the schemas.
  await client.listTools();
  return {
    pid,
    tell: async (name, args = {}) => (await client.callTool({ name, arguments: args })) as unknown as Told,
    client,
    close: () => client.close(),
  };
}

/** Throws where Node is too old for a program: `npm run test:clients` wants a recent one, and the server itself none. */
export function requireNode(least: string): void {
  const [major = 0, minor = 0] = least.split('.').map(Number);
  const [ours = 0, oursMinor = 0] = process.versions.node.split('.').map(Number);
  if (ours < major || (ours === major && oursMinor < minor))
    throw new Error(`this needs Node ${least}, and this is ${process.version}`);
}

/** The path of a program that a package brings. */
export function programOf(name: string, program: string): string {
  const manifest = join(import.meta.dirname, 'node_modules', name, 'package.json');
  const { bin } = createRequire(import.meta.url)(manifest) as { bin: Record<string, string> };
  return join(dirname(manifest), bin[program] ?? '');
}
