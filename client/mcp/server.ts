/** A server of the Model Context Protocol that offers what an agent does with the registry. */
import { McpServer } from '@modelcontextprotocol/server';
import { VERSION } from '../../src/version.ts';
import type { Session } from './session.ts';
import { offer } from './tool.ts';
import { TOOLS } from './tools.ts';

export interface ServerOptions {
  /** Whether the agent may take work: claim trainings, report on them and end them. */
  readonly allowWork: boolean;
}

/** One for each connection, or for each request where nothing lasts longer; what lasts is the session. */
export function createServer(session: Session, { allowWork }: ServerOptions): McpServer {
  const server = new McpServer({ name: 'gardener', title: 'Codebase Gardener', version: VERSION });
  for (const tool of TOOLS) if (allowWork || !tool.work) offer(server, session, tool);
  return server;
}
