/**
 * The registry file as JSON Schema, for editors, which mark what the daemon would refuse, complete, and show what a field
 * means. Of draft 7, which all of them know.
 */
import { z } from 'zod';
import { blankProject, blankTraining } from '../../domain/project.ts';
import { REGISTRY_VERSION } from '../../domain/registry.ts';
import { projectSchema, storedProjectSchema } from '../../domain/schema.ts';
import { FORBIDDEN, MAX_NAME_LENGTH } from '../../domain/values/names.ts';
import { TIMESTAMP } from '../../domain/values/time.ts';

interface Schema {
  $ref?: string;
  type?: string | string[];
  description?: string;
  default?: unknown;
  properties?: Record<string, Schema>;
  anyOf?: Schema[];
  definitions?: Record<string, Schema>;
  [keyword: string]: unknown;
}

/** Says which version of the file a schema is of; another word for it might be one of a later draft. */
const COMMENT = /^version (\d+)\.(\d+) of the file/;

declare const BUNDLED_SCHEMA: string | undefined;

/** As it is in a file, of the version that this program writes. To make it takes longer than all else at a start. */
export function fileSchemaText(): string {
  return typeof BUNDLED_SCHEMA === 'undefined'
    ? `${JSON.stringify(fileSchema(), null, 2)}\n`
    : BUNDLED_SCHEMA;
}

function fileSchema(): object {
  const project = jsonSchema(storedProjectSchema);
  // What may be left out in a file was put together anew there, without its text.
  takeTexts(project, jsonSchema(projectSchema));
  const { project_id: _id, created_at: _at, last_updated: _updated, ...blank } = blankProject('', '', '', '');
  setDefaults(project, blank);
  setDefaults(alternative(project.properties?.['training']), blankTraining());
  setPatterns(project);
  const { project_id: id, name } = project.properties ?? {};
  Object.assign(name ?? {}, { maxLength: MAX_NAME_LENGTH, pattern: namePattern() });
  // A pattern has no flags.
  const key = { format: 'uuid', pattern: String(id?.['pattern']).replaceAll('a-f', 'a-fA-F') };
  Object.assign(id ?? {}, key);
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    $comment: `version ${REGISTRY_VERSION} of the file; the daemon writes this anew, and an edit of it is lost`,
    title: 'Codebase Gardener project registry',
    description: 'The projects by their ids. Fields that are not described here are allowed, and stay.',
    type: 'object',
    required: ['projects'],
    properties: {
      $schema: { description: 'what an editor knows of the file: a path from where it lies, or a URL' },
      version: {
        description:
          'of the file; the daemon migrates an older one, and only reads one with a greater first number',
        type: 'string',
        pattern: '^[0-9]+(\\.[0-9]+)*$',
        default: '1.0',
        examples: [REGISTRY_VERSION],
      },
      active_project: {
        description: 'id of the active project; null for none',
        type: ['string', 'null'],
        default: null,
      },
      previous_project: {
        description: 'id of the project that was active before; not there, or null, for none',
        type: ['string', 'null'],
        default: null,
      },
      projects: {
        description: 'the projects by their ids',
        type: 'object',
        propertyNames: key,
        additionalProperties: { $ref: '#/definitions/Project' },
        default: {},
      },
    },
    definitions: { Project: project },
  };
}

/** Whether a text is a schema of a later version of the file than this program's. */
export function isOfLaterVersion(text: string): boolean {
  let comment: unknown;
  try {
    ({ $comment: comment } = JSON.parse(text) as { $comment?: unknown });
  } catch {
    return false;
  }
  const [, major, minor] = COMMENT.exec(String(comment)) ?? [];
  if (major === undefined) return false;
  const [ourMajor, ourMinor] = REGISTRY_VERSION.split('.').map(Number) as [number, number];
  return Number(major) > ourMajor || (Number(major) === ourMajor && Number(minor) > ourMinor);
}

/** With what has a name put where it is used: each place has a text of its own there. */
function jsonSchema(schema: z.ZodType): Schema {
  const {
    $schema: _draft,
    definitions = {},
    ...json
  } = z.toJSONSchema(schema, {
    io: 'input',
    target: 'draft-7',
    unrepresentable: 'any',
  }) as Schema;
  const inlined = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(inlined);
    if (typeof value !== 'object' || value === null) return value;
    const { $ref, allOf, $id: _id, ...rest } = value as Schema & { allOf?: Schema[] };
    const named = $ref?.replace('#/definitions/', '');
    const parts = [...(named === undefined ? [] : [definitions[named]]), ...(allOf ?? [])];
    const own = Object.fromEntries(Object.entries(rest).map(([key, inner]) => [key, inlined(inner)]));
    return Object.assign({}, ...parts.map(inlined), own) as Schema;
  };
  return inlined(json) as Schema;
}

/** The schema of what is not null. */
function alternative(schema: Schema | undefined): Schema {
  return schema?.anyOf?.find(({ type }) => type !== 'null') ?? schema ?? {};
}

function takeTexts(into: Schema, from: Schema): void {
  for (const [name, member] of Object.entries(into.properties ?? {})) {
    const other = from.properties?.[name] ?? {};
    if (other.description !== undefined) member.description ??= other.description;
    takeTexts(alternative(member), alternative(other));
  }
}

function setDefaults({ properties = {} }: Schema, values: object): void {
  for (const [name, value] of Object.entries(values)) {
    const member = properties[name];
    if (member && value !== '') member.default = value;
  }
}

/** Files of 1.0 have other timestamps than the daemon writes: it reads them, where `date-time` would not. */
function setPatterns(schema: Schema): void {
  for (const [name, member] of Object.entries(schema.properties ?? {})) {
    const value = alternative(member);
    if (/^(at|.+_at|last_(updated|trained|used))$/.test(name) && [value.type].flat().includes('string'))
      Object.assign(value, { pattern: TIMESTAMP, examples: ['2026-01-05T08:00:00.000Z'] });
    else setPatterns(value);
  }
}

/** What is trimmed before it is checked may stand around a name. */
function namePattern(): string {
  const refused = `${FORBIDDEN.replaceAll(' ', '').replaceAll('\\', '\\\\')}\\u0000-\\u001f\\u007f-\\u009f`;
  return `^\\s*[^${refused}\\s]([^${refused}]*[^${refused}\\s])?\\s*$`;
}
