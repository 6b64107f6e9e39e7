/** A server of the Model Context Protocol that offers what an agent does with the registry. */
import { McpServer } from '@modelcontextprotocol/server';
import { VERSION } from '../../src/version.ts';
import { offerResources } from './resources/offer.ts';
import type { Session } from './session.ts';
import { offer } from './tool.ts';
import { TOOLS } from './tools.ts';

/** What a model is told of all of it; many programs put that before every session. */
const INSTRUCTIONS =
  'Codebase Gardener keeps a registry of the codebases on this machine ("projects"), and of the LoRA adapters that ' +
  'trainers make for them. Begin with resolve_project and your working directory. An adapter is outdated where its code ' +
  'has newer commits, or retraining was requested. request_retraining only puts a project in line for the next trainer.';

export interface ServerOptions {
  /** Whether the agent may take work: claim trainings, report on them and end them. */
  readonly allowWork: boolean;
}

/** One for each connection, or for each request where nothing lasts longer; what lasts is the session. */
export function createServer(session: Session, { allowWork }: ServerOptions): McpServer {
  const server = new McpServer(
    { name: 'gardener', title: 'Codebase Gardener', version: VERSION },
    // Nothing adds a tool to a server that runs, so that nobody has to listen for it.
    { instructions: INSTRUCTIONS, capabilities: { tools: { listChanged: false } } },
  );
  for (const tool of TOOLS) if (allowWork || !tool.work) offer(server, session, tool);
  offerResources(server, session);
  return server;
}
