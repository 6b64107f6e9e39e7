/** What `rpc.discover` says is what OpenRPC asks for, and what the daemon does. */
import { copyFile, mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { createRequire } from 'node:module';
import { Ajv, type ValidateFunction } from 'ajv';
import { describe, expect, test } from 'vitest';
import type { Output } from '../../src/domain/training/output.ts';
import { EXAMPLE_PROJECT } from '../../src/protocol/method.ts';
import { openRpcDocument } from '../../src/protocol/openrpc.ts';
import { type RunningDaemon, startDaemon } from '../support/daemon.ts';
import { temporaryDirectory } from '../support/home.ts';
import { untilKept } from '../support/history.ts';
import type { LineClient } from '../support/lines.ts';

// Its types say that it has a default export, which Node does not see.
const require = createRequire(import.meta.url);
const openRpc = require('@open-rpc/meta-schema') as { readonly default: object };

interface Described {
  readonly name: string;
  readonly summary?: string;
  readonly params: readonly { name: string; description?: string; required: boolean; schema: object }[];
  readonly result: { readonly schema: object };
  readonly errors: readonly { $ref: string }[];
  readonly examples: readonly {
    readonly params: readonly { readonly name: string; readonly value: unknown }[];
    readonly result: { readonly value: unknown };
  }[];
}

// As it goes over the wire.
const document = JSON.parse(JSON.stringify(openRpcDocument())) as {
  methods: Described[];
  openrpc: string;
  'x-events': { type: string; summary: string; schema: object; example: object }[];
};
const ajv = new Ajv({ strict: false, validateFormats: false }).addSchema({ ...document, $id: 'document' });

/** A validator of a schema in the document, whose references lead into the document. */
function validator(schema: object): ValidateFunction {
  const text = JSON.stringify(schema).replaceAll('"$ref":"#/', '"$ref":"document#/');
  return ajv.compile(JSON.parse(text) as object);
}

test('the document is valid', () => {
  // What OpenRPC refers to and does not bring with it is JSON Schema's own schema, of draft 7.
  const jsonSchema = {
    $id: 'https://meta.json-schema.tools',
    allOf: [{ $ref: 'http://json-schema.org/draft-07/schema#' }],
    definitions: { JSONSchemaObject: { properties: { $ref: { type: 'string' } } } },
  };
  const validate = new Ajv({ strict: false, validateSchema: false, validateFormats: false })
    .addSchema(jsonSchema)
    .addSchema({ ...jsonSchema, $id: 'https://meta.json-schema.tools/' })
    .compile(openRpc.default);
  const faults = (value: object) => {
    validate(value);
    return validate.errors;
  };
  expect(faults(document)).toBeNull();
  // It would see a mistake.
  expect(faults({ ...document, methods: [{ name: 'x' }] })).not.toBeNull();
  expect(faults({ ...document, components: { schemas: { X: { type: 'tulip' } } } })).not.toBeNull();
});

test('every reference leads somewhere', () => {
  for (const [, path = ''] of JSON.stringify(document).matchAll(/"\$ref":"#\/([^"]+)"/g)) {
    const target = path
      .split('/')
      .reduce((at: unknown, key) => (at as Record<string, unknown>)[key], document);
    expect(target, path).toBeDefined();
  }
});

describe.each(document.methods)('$name', ({ name, summary, params, result, examples }) => {
  test('is described, with its parameters and an example', () => {
    expect(summary).toMatch(/^[A-Z].*[.]$/);
    const unexplained = params.filter(({ description }) => !description).map((param) => param.name);
    expect(unexplained, 'parameters of the declaration without .describe()').toEqual([]);
    expect(examples).not.toEqual([]);
  });

  test.each(examples)('does what its example says', async ({ params: given, result: { value } }) => {
    const values = new Map(given.map((param) => [param.name, param.value]));
    for (const param of params) {
      if (!values.has(param.name)) expect(param.required, param.name).toBe(false);
      else expect(problems(param.schema, values.get(param.name)), param.name).toBeNull();
    }
    expect(problems(result.schema, value)).toBeNull();

    const { client, home, epoch, token } = await seeded(name);
    const text = JSON.stringify(Object.fromEntries(values));
    const here = text
      .replaceAll('/home/ada', home)
      .replaceAll('k3v9x2', epoch)
      .replace(/(?<="token":)\d+/, String(token));
    const answer = await client.call(name, JSON.parse(here));
    expect(problems(result.schema, answer)).toBeNull();
    expect(
      plain(answer, home),
      `the example of ${name} in its declaration against what a daemon answers; what it needs beside "payments" goes to SEEDS`,
    ).toEqual(plain(value, '/home/ada'));
  });
});

test.each(document['x-events'])(
  '$type is described, with an example',
  ({ type, summary, schema, example }) => {
    expect(summary).toMatch(/^[A-Z].*[.]$/);
    expect(example).toMatchObject({ type });
    expect(problems(schema, example)).toBeNull();
    expect(problems(schema, { ...example, at: undefined, more: 1 })).not.toBeNull();
  },
);

function problems(schema: object, value: unknown): unknown {
  const validate = validator(schema);
  validate(value);
  return validate.errors ?? null;
}

/** The state that the examples are about: "payments" in a home, and what a method needs beside it. */
async function seeded(
  method: string,
): Promise<{ client: LineClient; home: string; epoch: string; token: unknown }> {
  const home = await temporaryDirectory();
  await mkdir(join(home, 'src', 'payments'), { recursive: true });
  const running = await startDaemon({ dataDir: join(home, '.codebase-gardener') });
  const client = await running.connect();
  if (method !== 'projects.register') {
    await client.call('projects.register', {
      name: 'payments',
      source_path: join(home, 'src', 'payments'),
      language: 'typescript',
      tags: ['work'],
      repository: EXAMPLE_PROJECT.repository,
    });
    await client.call('projects.update', { project: 'payments', file_count: 412 });
  }
  const seed = await SEEDS[method]?.(client, running, home);
  const { token } = (seed ?? {}) as { token?: unknown };
  return { client, home, epoch: running.daemon.epoch, token };
}

type Seed = (client: LineClient, running: RunningDaemon, home: string) => Promise<unknown>;

const sourceGone: Seed = (_client, _running, home) => rm(join(home, 'src', 'payments'), { recursive: true });
const training: Seed = (client) =>
  client.call('training.begin', { project: 'payments', holder: { name: 'lora-trainer', pid: 5120 } });
const adapting: Seed = async (client, running, home) => {
  const lease = (await training(client, running, home)) as { token: number; output: Output };
  await writeFile(lease.output.lora_adapter_path, '');
  return lease;
};
const trained: Seed = async (client, running, home) => {
  const { token, output } = (await adapting(client, running, home)) as { token: number; output: Output };
  await client.call('training.complete', { project: 'payments', token, metadata: { loss: 0.4 } });
  await untilKept(dirname(output.directory), token);
  return { token };
};
const backup: Seed = async (_client, { paths }) => {
  await copyFile(paths.registryFile, join(paths.backupsDir, 'registry-20260105T080000.000Z-edit.json'));
};

const elsewhere: Seed = async (client, _running, home) => {
  const source_path = join(home, 'projects', 'payments');
  await mkdir(source_path, { recursive: true });
  await client.call('projects.update', { project: 'payments', source_path });
};

const SEEDS: Readonly<Record<string, Seed>> = {
  'registry.validate': sourceGone,
  'registry.repair': sourceGone,
  'registry.backups': backup,
  'registry.restore': backup,
  'registry.import': async (_client, { paths }, home) => {
    await mkdir(join(home, 'old'));
    await copyFile(paths.registryFile, join(home, 'old', 'registry.json'));
  },
  'registry.undo': (client) => client.call('projects.remove', { project: 'payments' }),
  'projects.move': elsewhere,
  'registry.unwatch': (client) => client.call('registry.watch'),
  'training.progress': training,
  'training.complete': adapting,
  'training.fail': training,
  'training.release': training,
  'training.cancel': training,
  'training.resume': training,
  'training.history': trained,
  'training.promote': trained,
  'training.prune': async (client, running, home) => {
    const { token } = (await adapting(client, running, home)) as { token: number };
    await client.call('training.fail', { project: 'payments', token, error: 'x' });
    return { token };
  },
};

/** What differs from one machine and one moment to the next, by the name of its member. */
const VARIES = new Set([
  'pid',
  'tokens',
  'token',
  'version',
  'epoch',
  'uptime_s',
  'memory_rss',
  'bytes',
  'manager',
  'host',
  'home',
]);
/** What an example shortens, or the daemon keeps for itself; one that runs from source has no build. */
const LEFT_OUT = new Set([
  'build',
  'capabilities',
  'requests',
  'batches',
  'before',
  'info',
  'methods',
  'x-events',
  'x-errors',
  'components',
]);

/** A result without what differs from one machine and one moment to the next. */
function plain(value: unknown, home: string, key = ''): unknown {
  if (VARIES.has(key)) return typeof value;
  if (Array.isArray(value)) return value.map((each) => plain(each, home));
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value).filter(([name]) => !LEFT_OUT.has(name));
    return Object.fromEntries(members.map(([name, each]) => [name, plain(each, home, name)]));
  }
  if (typeof value !== 'string') return value;
  return value
    .replaceAll(home, '~')
    .replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, '<id>')
    .replace(/(?<=\/trainings\/)\d+/, '<token>')
    .replace(/^(\d+-)?\d{4}-\d\d-\d\dT[\d:.]+Z$/, '$1<time>')
    .replace(/^[0-9a-f]{16}$/, '<etag>')
    .replace(/^registry-\d{8}T\d{6}\.\d{3}Z-/, 'registry-<time>-')
    .replace(/^[\w-]+:\d+$/, '<cursor>')
    .replace(/^s1-[\w-]+$/, '<subscription>');
}
