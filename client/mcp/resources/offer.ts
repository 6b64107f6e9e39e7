/** What a program may show to a model, or have a person pick, without a tool: resources. */
import {
  type CompleteResult,
  type McpServer,
  ProtocolError,
  ProtocolErrorCode,
  type Resource,
  ResourceNotFoundError,
} from '@modelcontextprotocol/server';
import type { WireProject } from '../../../src/domain/encoding.ts';
import { isRefusal } from '../../../src/domain/values/refusal.ts';
import { printable, printableJson } from '../../../src/system/printable.ts';
import { INVALID_PARAMS } from '../../../src/protocol/errors.ts';
import { RpcError } from '../../errors.ts';
import { refusalText } from '../errors.ts';
import { showProject } from '../project.ts';
import type { Session } from '../session.ts';
import type { Call } from '../tool.ts';
import listProjects from '../tools/list-projects.ts';
import { ACTIVE, addressed, PROJECT, PROJECTS, projectUri, referenceIn } from './uris.ts';

const mimeType = 'application/json';
/** Projects on a page of the list, and names to complete one with. */
const PAGE = 100;

const ALWAYS: readonly Resource[] = [
  {
    uri: PROJECTS,
    name: 'projects',
    title: 'Projects',
    description: 'The registered codebases, the last used first, as list_projects lists them.',
    mimeType,
  },
  {
    uri: ACTIVE,
    name: 'active',
    title: 'Active project',
    description: 'The project that is in use, as get_project shows it; null where none is.',
    mimeType,
  },
];
const A_PROJECT = {
  uriTemplate: PROJECT,
  name: 'project',
  title: 'Project',
  description: 'A registered codebase by its name, as get_project shows it.',
  mimeType,
};

type Completion = CompleteResult['completion'];
const NONE: Completion = { values: [], hasMore: false };

/** Has a server offer the resources, and tell of their changes. An address means the same in all that is asked of it. */
export function offerResources(all: McpServer, session: Session): void {
  const { server } = all;
  server.registerCapabilities({ resources: { subscribe: true, listChanged: true }, completions: {} });
  server.setRequestHandler('resources/list', async ({ params }, { mcpReq: { signal } }) => {
    const cursor = params?.cursor;
    await session.updates.follow();
    const { projects, next_cursor: next } = await page(session, cursor, signal);
    return {
      resources: [...(cursor === undefined ? ALWAYS : []), ...projects.map(asResource)],
      ...(next !== null && { nextCursor: next }),
    };
  });
  server.setRequestHandler('resources/templates/list', () => ({ resourceTemplates: [A_PROJECT] }));
  server.setRequestHandler('resources/read', ({ params: { uri } }, { mcpReq }) =>
    refusing(uri, async () => ({
      contents: [{ uri, mimeType, text: printableJson(JSON.stringify(await read(session, uri, mcpReq))) }],
    })),
  );
  server.setRequestHandler('resources/subscribe', async ({ params: { uri } }) => {
    await refusing(uri, () => session.updates.subscribe(uri));
    return {};
  });
  server.setRequestHandler('resources/unsubscribe', ({ params: { uri } }) => {
    session.updates.unsubscribe(uri);
    return {};
  });
  server.setRequestHandler('completion/complete', async ({ params }, { mcpReq: { signal } }) => {
    const { ref, argument } = params;
    if (ref.type !== 'ref/resource' || ref.uri !== PROJECT)
      throw new ProtocolError(ProtocolErrorCode.InvalidParams, `cannot complete anything but ${PROJECT}`);
    return {
      completion: argument.name === 'name' ? await completion(session, argument.value, signal) : NONE,
    };
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

async function read(session: Session, uri: string, { signal }: Call): Promise<unknown> {
  if (uri === PROJECTS) return (await listProjects.run(session, {} as never, { signal })).structured;
  const reference = referenceIn(uri);
  if (uri !== ACTIVE && reference === undefined) throw new ResourceNotFoundError(uri);
  const client = await session.client();
  if (reference !== undefined)
    return showProject(client, await client.projects.get({ project: reference }, { signal }));
  const { active_project: active } = await client.projects.active({}, { signal });
  return active && (await showProject(client, active));
}

/** How many there are in all nobody has counted. */
async function completion(session: Session, beginning: string, signal: AbortSignal): Promise<Completion> {
  return refusing(PROJECT, async () => {
    const client = await session.client();
    const { projects, next_cursor: next } = await client.projects.list(
      { beginning, sort: 'name', limit: PAGE },
      { signal },
    );
    return { values: projects.map(addressed), hasMore: next !== null };
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
      if (cursor === undefined) return { projects: [], next_cursor: null };
      if (!isGiven(error)) throw error;
      const why =
        'cannot go on there: the cursor is no nextCursor of an earlier answer; begin anew without one';
      throw new ProtocolError(ProtocolErrorCode.InvalidParams, why);
    }
  });
}

/** Has what cannot be done told as the protocol has it, in the words in which a tool tells it. */
async function refusing<T>(uri: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof ProtocolError) throw error;
    const text = refusalText(error, { looks: true });
    if (isRefusal(error, 'project_not_found', 'ambiguous_project'))
      throw new ResourceNotFoundError(uri, text);
    throw new ProtocolError(
      isGiven(error) ? ProtocolErrorCode.InvalidParams : ProtocolErrorCode.InternalError,
      text,
    );
  }
}

/** Whether it is for what was given. */
function isGiven(error: unknown): boolean {
  return error instanceof RpcError && error.code === INVALID_PARAMS;
}
