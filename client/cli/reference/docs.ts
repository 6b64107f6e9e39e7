/** `gardener docs`: the protocol as Markdown, as the daemon describes it. */
import { printable } from '../../../src/system/printable.ts';
import { defineCommand, loadAll } from '../command.ts';
import { ABOUT_DOCUMENTS, type Described, describedDocuments, fieldRows } from './documents.ts';
import {
  type Catalogue,
  type DescribedError,
  type DescribedEvent,
  fieldsOf,
  type Method,
  type Parameter,
  parameterText,
  readCatalogue,
  type Schema,
  typeOf,
  typeSaid,
  unknownName,
} from './reference.ts';

const ABOUT_ERRORS =
  'What a call is refused with. An error of the registry has `data` with its `kind`, with `suggestions`, which are texts for people and may be none, and with what is said of it below.';

/** A paragraph, in one line or in some. */
type Part = string | readonly string[];

export default defineCommand({
  description:
    'Prints every method and event of the registry, its types and its errors, and what each command prints with --json, as Markdown.',
  takes: {
    '[topic]': 'print only what has this heading: events, removed, projects.get, WireProject, documents, ls',
  },
  examples: {
    'gardener docs projects.get': 'a method',
    'gardener docs events': 'what gardener watch --json prints',
    'gardener docs documents': 'what other commands print with --json',
    'gardener docs > protocol.md': 'all of it',
  },
  document: 'a list of what has this heading; without one, of all methods',
  async action(ctx, { topic: wanted }, { parent }) {
    const catalogue = await ctx.withClient(readCatalogue);
    const names = wanted === undefined ? [] : [wanted.toLowerCase(), `gardener ${wanted.toLowerCase()}`];
    const is = (name: string | undefined): boolean =>
      name !== undefined && names.includes(name.toLowerCase());
    const documents = describedDocuments(parent ? await loadAll(parent) : []);
    const whole = [...partsOf(catalogue), ...documentParts(documents)];
    const parts = wanted === undefined ? whole : under(whole, is);
    if (wanted !== undefined && parts.length === 0)
      throw unknownName(wanted, 'method, event or type', whole.flatMap(titleOf));
    if (ctx.json)
      return ctx.printJson(wanted === undefined ? catalogue.methods : described(catalogue, documents, is));
    // A line break that the daemon gives makes no line.
    ctx.printText(parts.map((part) => [part].flat().map(printable).join('\n')).join('\n\n'));
  },
});

function described(
  { methods, events, schemas, errors }: Catalogue,
  documents: readonly Described[],
  is: (name?: string) => boolean,
): unknown[] {
  const types = [...schemas].map(([name, schema]) => ({ name, ...schema }));
  return [
    ...methods.filter(({ name, tag }) => is(name) || is(tag)),
    ...events.filter(({ type }) => is(type) || is('events')),
    ...types.filter(({ name }) => is(name) || is('types')),
    ...errors.filter(({ kind }) => is(kind) || is('errors')),
    ...documents.filter(({ command }) => is(command) || is('documents')),
  ];
}

/** The headings of this name, each with what is below it. */
function under(parts: readonly Part[], is: (name: string) => boolean): Part[] {
  let rank = 0;
  return parts.filter((part) => {
    const [title] = titleOf(part);
    // As many signs as there are before it.
    const here = part.indexOf(' ');
    if (title !== undefined && (rank === 0 || here <= rank)) rank = is(title) ? here : 0;
    return rank > 0;
  });
}

function titleOf(part: Part): string[] {
  return typeof part === 'string' ? (/^##+ (.*)/.exec(part)?.slice(1) ?? []) : [];
}

function partsOf({ version, description, methods, events, tags, schemas, errors }: Catalogue): Part[] {
  const families = [...tags].map(([tag, about]) => ({
    tag,
    about,
    members: methods.filter((method) => method.tag === tag),
  }));
  return [
    `# The protocol of the project registry, version ${version}`,
    description,
    [
      ...families.map(
        ({ tag, about, members }) =>
          `- **${tag}**: ${about} ${members.map(({ name }) => link(name)).join(', ')}`,
      ),
      `- **Events**: ${events.map(({ type }) => type).join(', ')}`,
    ],
    ...families.flatMap(({ tag, about, members }) => [`## ${tag}`, about, ...members.flatMap(methodParts)]),
    '## Events',
    'What registry.watch subscribes to.',
    ...events.flatMap(eventParts),
    '## Types',
    ...[...schemas].flatMap(([name, schema]) => typeParts(name, schema)),
    '## Errors',
    ABOUT_ERRORS,
    table(
      ['code', 'kind', 'when'],
      errors.map(({ code, kind, message }) => [String(code), `\`${kind}\``, message]),
    ),
    ...errors.flatMap(errorParts),
  ];
}

function documentParts(documents: readonly Described[]): Part[] {
  return [
    '## Documents',
    ABOUT_DOCUMENTS,
    ...documents.flatMap(({ command, document }): Part[] => [
      `### ${command}`,
      typeof document === 'string' ? document : table(['field', ''], fieldRows(document, link)),
    ]),
  ];
}

function methodParts({
  name,
  summary,
  description,
  params,
  result,
  resultText,
  errors,
  example,
}: Method): Part[] {
  const request = { jsonrpc: '2.0', id: 1, method: name, params: example?.params ?? {} };
  const parts: Part[] = [
    `### ${name}`,
    [summary, description].filter((part) => part !== undefined).join(' '),
  ];
  const all = params.flatMap((param) => [param, ...fieldsOf(param.schema, param.name)]);
  if (all.length > 0) parts.push(fieldTable('parameter', all, parameterText));
  parts.push(`Result: ${typeSaid(result, resultText)}`);
  const fields = fieldsOf(result);
  if (fields.length > 0) parts.push(fieldTable('field', fields));
  parts.push(`Errors: ${errors.map(({ kind }) => `\`${kind}\``).join(', ')}`);
  if (example) parts.push(lines(request, { jsonrpc: '2.0', id: 1, result: example.result }));
  return parts;
}

function eventParts({ type, summary, schema, example }: DescribedEvent): Part[] {
  const params = { subscription: 's1-k3v9x2', cursor: 'k3v9x2:2', events: [example] };
  return [
    ...typeParts(type, { ...schema, description: summary }),
    lines({ jsonrpc: '2.0', method: 'registry.event', params }),
  ];
}

function errorParts({ code, kind, message, schema, data }: DescribedError): Part[] {
  // What each has is said once.
  const fields = schema
    ? fieldsOf(schema).filter(({ name }) => name !== 'kind' && name !== 'suggestions')
    : [];
  return [
    `### ${kind}`,
    `Code ${code}. ${message}`,
    ...(fields.length > 0 ? [fieldTable('field of data', fields)] : []),
    ['```json', JSON.stringify(data), '```'],
  ];
}

/** As they go over the socket. */
function lines(...messages: readonly object[]): Part {
  return ['```json', ...messages.map((message) => JSON.stringify(message)), '```'];
}

function typeParts(name: string, schema: Schema): Part[] {
  const { properties, description = '' } = schema;
  if (!properties) return [`### ${name}`, typeSaid(schema)];
  return [`### ${name}`, ...(description === '' ? [] : [description]), fieldTable('field', fieldsOf(schema))];
}

function fieldTable(
  title: string,
  fields: readonly Parameter[],
  text = ({ description = '' }: Parameter): string => description,
): string[] {
  const rows = fields.map((field) => [`\`${field.name}\``, typeOf(field), text(field)]);
  return table([title, 'type', ''], rows);
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
