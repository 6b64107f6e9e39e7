/** What a program may show to a model, or have a person pick, without a tool: resources. */
import {
  type McpServer,
  ProtocolError,
  ProtocolErrorCode,
  type ReadResourceResult,
  type Resource,
  ResourceNotFoundError,
  ResourceTemplate,
} from '@modelcontextprotocol/server';
import type { WireProject } from '../../../src/domain/encoding.ts';
import { isRefusal } from '../../../src/domain/values/refusal.ts';
import { printable, printableJson } from '../../../src/system/printable.ts';
import { INVALID_PARAMS } from '../../../src/protocol/errors.ts';
import { ConnectionError, RpcError } from '../../errors.ts';
import { refusalText } from '../errors.ts';
import { showProject } from '../project.ts';
import type { Session } from '../session.ts';
import listProjects from '../tools/list-projects.ts';
import { ACTIVE, PROJECT, PROJECTS, projectUri, referenceIn, resourceOf } from './uris.ts';

const mimeType = 'application/json';
/** Projects on a page of the list, and names to complete one with. */
const PAGE = 100;

const THE_PROJECTS = {
  title: 'Projects',
  description: 'The registered codebases, the last used first, as list_projects lists them.',
  mimeType,
};
const THE_ACTIVE = {
  title: 'Active project',
  description: 'The project that is in use, as get_project shows it; null where none is.',
  mimeType,
};
const A_PROJECT = {
  title: 'Project',
  description: 'A registered codebase by its name, as get_project shows it.',
  mimeType,
};
const ALWAYS: readonly Resource[] = [
  { uri: PROJECTS, name: 'projects', ...THE_PROJECTS },
  { uri: ACTIVE, name: 'active', ...THE_ACTIVE },
];

/** Has a server offer the resources, and tell of their changes. */
export function offerResources(all: McpServer, session: Session): void {
  const { server } = all;
  server.registerCapabilities({ resources: { subscribe: true, listChanged: true } });
  all.registerResource('projects', PROJECTS, THE_PROJECTS, ({ href }, { mcpReq }) =>
    contents(href, async () => {
      const { structured } = await listProjects.run(session, {} as never, mcpReq);
      return structured;
    }),
  );
  all.registerResource('active', ACTIVE, THE_ACTIVE, ({ href }, { mcpReq: { signal } }) =>
    contents(href, async () => {
      const client = await session.client();
      const { active_project: active } = await client.projects.active({}, { signal });
      return active && (await showProject(client, active));
    }),
  );
  const template = new ResourceTemplate(PROJECT, {
    list: undefined,
    complete: { name: (beginning) => completions(session, beginning) },
  });
  all.registerResource('project', template, A_PROJECT, ({ href }, { name }, { mcpReq: { signal } }) =>
    contents(href, async () => {
      const client = await session.client();
      return showProject(
        client,
        await client.projects.get({ project: referenceIn(String(name)) }, { signal }),
      );
    }),
  );
  // The list of the SDK has no pages.
  server.setRequestHandler('resources/list', async ({ params }, { mcpReq: { signal } }) => {
    const cursor = params?.cursor;
    await session.updates.follow();
    const { projects, next_cursor: next } = await page(session, cursor, signal);
    return {
      resources: [...(cursor === undefined ? ALWAYS : []), ...projects.map(asResource)],
      ...(next !== null && { nextCursor: next }),
    };
  });
  server.setRequestHandler('resources/subscribe', async ({ params: { uri } }) => {
    if (resourceOf(uri) === undefined) throw new ResourceNotFoundError(uri);
    await refusing(uri, () => session.updates.subscribe(uri));
    return {};
  });
  server.setRequestHandler('resources/unsubscribe', ({ params: { uri } }) => {
    session.updates.unsubscribe(uri);
    return {};
  });
  session.updates.tellBy(all);
}

function asResource(project: WireProject): Resource {
  const { name, language, source_path } = project;
  return {
    uri: projectUri(project),
    name,
    description: printable(`${language} in ${source_path}`),
    mimeType,
  };
}

async function completions(session: Session, beginning: string): Promise<string[]> {
  return refusing(`${PROJECTS}/${beginning}`, async () => {
    const client = await session.client();
    // One more than fits says that there are more.
    const { projects } = await client.projects.list({ beginning, sort: 'name', limit: PAGE + 1 });
    return projects.map(({ name }) => name);
  });
}

async function page(
  session: Session,
  cursor: string | undefined,
  signal: AbortSignal,
): Promise<{ projects: readonly WireProject[]; next_cursor: string | null }> {
  return refusing(PROJECTS, async () => {
    try {
      const client = await session.client();
      return await client.projects.list({ sort: 'last_used', limit: PAGE, cursor }, { signal });
    } catch (error) {
      // What there always is can be listed; whoever reads it is told why it cannot be reached.
      if (cursor === undefined && error instanceof ConnectionError)
        return { projects: [], next_cursor: null };
      throw error;
    }
  });
}

function contents(uri: string, read: () => Promise<unknown>): Promise<ReadResourceResult> {
  return refusing(uri, async () => ({
    contents: [{ uri, mimeType, text: printableJson(JSON.stringify(await read())) }],
  }));
}

/** Has what cannot be done told as the protocol has it, in the words in which a tool tells it. */
async function refusing<T>(uri: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const text = refusalText(error, { looks: true });
    if (isRefusal(error, 'project_not_found', 'ambiguous_project'))
      throw new ResourceNotFoundError(uri, text);
    const isGiven = error instanceof RpcError && error.code === INVALID_PARAMS;
    throw new ProtocolError(
      isGiven ? ProtocolErrorCode.InvalidParams : ProtocolErrorCode.InternalError,
      text,
    );
  }
}
