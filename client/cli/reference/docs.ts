/** `gardener docs`: the whole protocol as Markdown, as the daemon describes it. */
import { printable } from '../../../src/system/printable.ts';
import type { Context } from '../context.ts';
import {
  type Method,
  parameterText,
  type Reference,
  readReference,
  type Schema,
  typeText,
} from './reference.ts';

export async function docs(ctx: Context): Promise<void> {
  const reference = await ctx.withClient(readReference);
  if (ctx.json) return ctx.printJson(reference.methods);
  ctx.printText(markdown(reference));
}

export function markdown(reference: Reference): string {
  const { version, description, methods, tags, schemas, errors } = reference;
  const families = [...tags].map(([tag, about]) => ({
    tag,
    about,
    members: methods.filter((method) => method.tag === tag),
  }));
  const parts: Part[] = [
    `# The protocol of the project registry, version ${version}`,
    description,
    families.map(
      ({ tag, about, members }) =>
        `- **${tag}**: ${about} ${members.map(({ name }) => link(name)).join(', ')}`,
    ),
    ...families.flatMap(({ tag, about, members }) => [`## ${tag}`, about, ...members.flatMap(methodParts)]),
    '## Types',
    ...[...schemas].flatMap(([name, schema]) => typeParts(name, schema)),
    '## Errors',
    table(
      ['code', 'kind', 'when'],
      errors.map(({ code, kind, message }) => [String(code), `\`${kind}\``, message]),
    ),
  ];
  // A line break that the daemon gives makes no line.
  return parts.map((part) => [part].flat().map(printable).join('\n')).join('\n\n');
}

/** A paragraph, in one line or in some. */
type Part = string | readonly string[];

function methodParts({ name, summary, description, params, result, errors, example }: Method): Part[] {
  const request = { jsonrpc: '2.0', id: 1, method: name, params: example?.params ?? {} };
  const parts: Part[] = [
    `### ${name}`,
    [summary, description].filter((part) => part !== undefined).join(' '),
  ];
  if (params.length > 0) {
    const rows = params.map((param) => [
      `\`${param.name}\``,
      `${typeText(param.schema)}${param.required ? '' : ', optional'}`,
      parameterText(param),
    ]);
    parts.push(table(['parameter', 'type', ''], rows));
  }
  parts.push(`Result: ${typeText(result)}`, `Errors: ${errors.map(({ kind }) => `\`${kind}\``).join(', ')}`);
  if (example) {
    const lines = [
      JSON.stringify(request),
      JSON.stringify({ jsonrpc: '2.0', id: 1, result: example.result }),
    ];
    parts.push(['```json', ...lines, '```']);
  }
  return parts;
}

function typeParts(name: string, schema: Schema): Part[] {
  const { properties, description = '', required = [] } = schema;
  if (!properties)
    return [`### ${name}`, description === '' ? typeText(schema) : `${typeText(schema)}: ${description}`];
  const rows = Object.entries(properties).map(([field, member]) => [
    `\`${field}\``,
    `${typeText(member)}${required.includes(field) ? '' : ', optional'}`,
    member.description ?? '',
  ]);
  return [`### ${name}`, ...(description === '' ? [] : [description]), table(['field', 'type', ''], rows)];
}

function link(name: string): string {
  // As GitHub and others make the names of headings.
  return `[${name}](#${name.replaceAll('.', '')})`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const row = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [row(head), row(head.map(() => '---')), ...rows.map(row)];
}
