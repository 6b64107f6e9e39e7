/** `gardener call`: any method of the registry, with its JSON as it is. */
import { text as readAll } from 'node:stream/consumers';
import type { Client } from '../../client.ts';
import type { Json, JsonObject } from '../../../src/domain/project.ts';
import type { MethodName } from '../../../src/protocol/methods.ts';
import { defineCommand } from '../command.ts';
import type { Context } from '../context.ts';
import { UsageError } from '../errors.ts';
import { JsonFault, parseJson } from '../json.ts';
import { takesLease } from './reference.ts';
import { shellWord } from '../terminal/text.ts';
import { isJsonObject } from '../../../src/domain/values/json.ts';

export default defineCommand({
  description: 'Calls a method of the registry and prints its result as JSON.',
  usage: '[options] <method> [json]',
  takes: {
    '[method]': 'such as projects.get',
    '[json]': 'params as a JSON object; - reads them from standard input',
    // An option and not commander's own: it takes a method.
    '-h, --help': 'print help; for a method, its params, errors and an example',
  },
  examples: {
    'gardener call projects.count': 'a method without params',
    [`gardener call projects.get '{"project": "website"}'`]: 'params are a JSON object',
    [`echo '{"query": "web"}' | gardener call projects.list -`]: 'or come from standard input',
    'gardener call --help projects.get': 'what a method takes',
  },
  document: 'the result of the method, as the protocol has it',
  async action(ctx, { method, json: text, help }, command) {
    if (help && method !== undefined) return (await import('./method-help.ts')).methodHelp(ctx, method);
    if (help) return command.help();
    if (method === undefined) {
      throw new UsageError("missing required argument 'method'", 'gardener call --help');
    }
    if (takesLease(method)) {
      throw new UsageError(
        `cannot call ${method}: the lease would belong to this command's connection, and end with it`,
        `gardener train ${method === 'training.claim' ? '--claim' : '<project>'} -- <command>`,
      );
    }
    const params = text === undefined ? undefined : await readParams(ctx, text);
    ctx.hints = { invalid_params: `gardener call --help ${shellWord(method)}` };
    await ctx.withClient(async (client) => {
      ctx.printJson(await callAny(client, method, params));
    });
  },
});

async function readParams(ctx: Context, text: string): Promise<JsonObject | Json[]> {
  const isPiped = text === '-';
  const params = await parseJson(isPiped ? await readAll(ctx.host.stdin) : text).catch((error: unknown) => {
    if (!(error instanceof JsonFault)) throw error;
    throw new UsageError(
      `cannot read ${isPiped ? 'standard input' : 'the params'}: ${error.message}`,
      EXAMPLE,
    );
  });
  if (isJsonObject(params) || Array.isArray(params)) return params;
  throw new UsageError('cannot use the params: they must be a JSON object', EXAMPLE);
}

const EXAMPLE = `gardener call projects.get '{"project": "payments"}'`;

/** The daemon knows which methods there are, and what each takes, better than this program's types. */
function callAny(client: Client, method: string, params: JsonObject | Json[] | undefined): Promise<unknown> {
  const untyped: (name: MethodName, given?: never) => Promise<unknown> = client.call.bind(client);
  return untyped(method as MethodName, params as never);
}
