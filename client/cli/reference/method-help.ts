/** `gardener call --help <method>`: one method, as the daemon describes it. */
import type { Context } from '../context.ts';
import {
  fieldsOf,
  type Method,
  type Parameter,
  parameterText,
  readCatalogue,
  type Schema,
  takesLease,
  typeOf,
  typeSaid,
  typesIn,
  unknownName,
} from './reference.ts';
import { sizeOf } from '../terminal/size.ts';
import { shellWord } from '../terminal/text.ts';
import { wrapText } from '../terminal/wrap.ts';

const WIDEST = 100;
const NARROWEST = 40;
/** How far lines are moved in. */
const SMALL = '  ';
const LARGE = '      ';

type Schemas = ReadonlyMap<string, Schema>;

/** @throws {UsageError} when the daemon has no such method */
export async function methodHelp(ctx: Context, name: string): Promise<void> {
  const { methods, schemas } = await ctx.withClient(readCatalogue);
  const method = methods.find((one) => one.name === name);
  const known = methods.map((one) => one.name);
  if (!method) throw unknownName(name, 'method', known);
  if (ctx.json) return ctx.printJson(method);
  const columns = sizeOf(ctx.host.stdout).columns;
  const width = Math.max(NARROWEST, Math.min(columns, WIDEST));
  for (const line of describe(method, schemas, width)) ctx.print(line);
}

function describe(method: Method, schemas: Schemas, columns: number): string[] {
  const { name, summary, description, params, result, resultText, errors, example } = method;
  // Where a command cannot call it, programs can.
  const command = takesLease(name) ? name : `gardener call ${name}`;
  const lines = [
    ...(command === name
      ? wrapText(`${name}, over a connection that stays; on the command line: gardener train`, columns)
      : [`Usage: ${command}${params.length === 0 ? '' : ' <json>'}`]),
    '',
    ...wrapText([summary, description].filter((part) => part !== undefined).join(' '), columns),
  ];
  const entry = (title: string, text = ''): string[] => [
    ...wrapText(title, columns, SMALL, LARGE),
    ...(text === '' ? [] : wrapText(text, columns, LARGE)),
  ];
  const field = (one: Parameter, text: string | undefined): string[] =>
    entry(`${one.name}: ${typeOf(one)}`, text);
  if (params.length > 0) {
    lines.push('', 'Params:');
    const all = params.flatMap((param) => [param, ...fieldsOf(param.schema, param.name)]);
    lines.push(...all.flatMap((param) => field(param, parameterText(param))));
  }
  lines.push('', ...wrapText(`Result: ${typeSaid(result, resultText)}`, columns, '', SMALL));
  lines.push(...fieldsOf(result).flatMap((one) => field(one, one.description)));
  // What is said of a parameter is said.
  const said = new Set(params.map((param) => param.description));
  const types = typesIn([...params.map((param) => param.schema), result]).flatMap((type): string[] => {
    const schema = schemas.get(type);
    if (schema?.properties) return entry(`${type}: gardener docs ${type}`);
    return schema && !said.has(schema.description) ? entry(`${type}: ${typeSaid(schema)}`) : [];
  });
  if (types.length > 0) lines.push('', 'Types:', ...types);
  lines.push('', 'Errors:');
  for (const { code, kind, message } of errors)
    lines.push(...wrapText(`${code} ${kind}: ${message}`, columns, SMALL, LARGE));
  if (example) {
    const given = JSON.stringify(example.params);
    const words = given === '{}' ? '' : ` ${shellWord(given)}`;
    lines.push('', 'Example:', `${SMALL}${command}${words}`);
    lines.push(
      ...JSON.stringify(example.result, null, 2)
        .split('\n')
        .map((line) => SMALL + line),
    );
  }
  return lines;
}
