/** `gardener call --help <method>`: one method, as the daemon describes it. */
import type { Context } from '../context.ts';
import { type Method, parameterText, readCatalogue, takesLease, typeText, unknownName } from './reference.ts';
import { sizeOf } from '../terminal/size.ts';
import { shellWord } from '../terminal/text.ts';
import { wrapText } from '../terminal/wrap.ts';

const WIDEST = 100;
const NARROWEST = 40;
/** How far lines are moved in. */
const SMALL = '  ';
const LARGE = '      ';

/** @throws {UsageError} when the daemon has no such method */
export async function methodHelp(ctx: Context, name: string): Promise<void> {
  const { methods } = await ctx.withClient(readCatalogue);
  const method = methods.find((one) => one.name === name);
  const known = methods.map((one) => one.name);
  if (!method) throw unknownName(name, 'method', known);
  if (ctx.json) return ctx.printJson(method);
  const columns = sizeOf(ctx.host.stdout).columns;
  for (const line of describe(method, Math.max(NARROWEST, Math.min(columns, WIDEST)))) ctx.print(line);
}

function describe(method: Method, columns: number): string[] {
  const { name, summary, description, params, result, errors, example } = method;
  // Where a command cannot call it, programs can.
  const command = takesLease(name) ? name : `gardener call ${name}`;
  const lines = [
    command === name
      ? `${name}, over a connection that stays; on the command line: gardener train`
      : `Usage: ${command}${params.length === 0 ? '' : ' <json>'}`,
    '',
    ...wrapText([summary, description].filter((part) => part !== undefined).join(' '), columns),
  ];
  if (params.length > 0) {
    lines.push('', 'Params:');
    for (const param of params) {
      const type = `${typeText(param.schema)}${param.required ? '' : ', optional'}`;
      lines.push(...wrapText(`${param.name}: ${type}`, columns, SMALL, LARGE));
      const text = parameterText(param);
      if (text !== '') lines.push(...wrapText(text, columns, LARGE));
    }
  }
  lines.push('', ...wrapText(`Result: ${typeText(result)}`, columns, '', SMALL), '', 'Errors:');
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
