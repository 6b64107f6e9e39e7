/** `list_projects`. */
import { z } from 'zod';
import type { WireProject } from '../../../src/domain/encoding.ts';
import { trainingStatus } from '../../../src/domain/training/schema.ts';
import { foldName } from '../../../src/domain/values/names.ts';
import type { Client } from '../../client.ts';
import { projectSchema, projectText, showProjects } from '../project.ts';
import { defineTool, LOOKS } from '../tool.ts';
import { quoted } from '../words.ts';

/** Shown at a time: a model reads and pays for each. */
const MAX_SHOWN = 20;
/** Asked for at a time where they are only looked through: about a mebibyte. */
const PAGE = 1_000;

const input = z.strictObject({
  query: z.string().optional().describe('part of a name, path or tag'),
  status: z.enum(trainingStatus.options).optional(),
  language: z.string().optional(),
  tag: z.string().optional(),
});
type Input = z.output<typeof input>;

export default defineTool({
  name: 'list_projects',
  title: 'List projects',
  description: `Lists registered projects: the ${MAX_SHOWN} last used.`,
  input,
  output: z.strictObject({
    projects: z.array(projectSchema),
    more: z.int().optional(),
    active: z.string().optional(),
  }),
  annotations: LOOKS,
  async run(session, wanted, { signal }) {
    const client = await session.client();
    const [{ found, more }, { active_project: active }] = await Promise.all([
      find(client, wanted, signal),
      client.projects.active({}, { signal }),
    ]);
    const projects = await showProjects(client, found);
    return {
      structured: { projects, ...(more > 0 && { more }), ...(active && { active: active.name }) },
      text: [
        ...projects.map(projectText),
        ...(projects.length > 0 ? [] : [noneText(wanted)]),
        ...(more > 0 ? [`and ${more} more: narrow with query`] : []),
        ...(active ? [`active: ${quoted(active.name)}`] : []),
      ].join('\n'),
    };
  },
});

/** The first of those that fit, and how many more there are. Languages and tags are found in any case. */
async function find(
  client: Client,
  { query, status, language, tag }: Input,
  signal: AbortSignal,
): Promise<{ found: WireProject[]; more: number }> {
  const isMeant = (project: WireProject): boolean =>
    (!language || foldName(project.language) === foldName(language)) &&
    (!tag || project.tags.some((one) => foldName(one) === foldName(tag)));
  const found: WireProject[] = [];
  let count = 0;
  // Where the registry alone chooses, the first page is all that is shown.
  let limit = language || tag ? PAGE : MAX_SHOWN;
  let cursor: string | undefined;
  do {
    const page = await client.projects.list({ query, status, sort: 'last_used', limit, cursor }, { signal });
    const meant = page.projects.filter(isMeant);
    found.push(...meant.slice(0, MAX_SHOWN - found.length));
    count += meant.length;
    cursor = page.next_cursor ?? undefined;
    limit = PAGE;
  } while (cursor !== undefined);
  return { found, more: count - found.length };
}

function noneText(wanted: Input): string {
  return Object.values(wanted).some(Boolean)
    ? 'no project fits: list_projects without arguments lists all'
    : 'no project is registered: add_project registers one';
}
