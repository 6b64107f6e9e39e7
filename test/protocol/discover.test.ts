import { describe, expect, test } from 'vitest';
import { ERRORS } from '../../src/domain/errors.ts';
import { declaredErrors, type Method } from '../../src/protocol/method.ts';
import { events } from '../../src/protocol/events.ts';
import { findMethod, methods } from '../../src/protocol/methods.ts';
import { openRpcDocument } from '../../src/protocol/openrpc.ts';
import { startDaemon } from '../support/daemon.ts';

interface Described {
  readonly name: string;
  readonly params: readonly { readonly name: string; readonly required: boolean; readonly schema: object }[];
  readonly result: { readonly schema: object };
  readonly errors: readonly Record<string, unknown>[];
  readonly examples: readonly {
    readonly params: readonly { readonly name: string; readonly value: unknown }[];
    readonly result: { readonly value: unknown };
  }[];
}

// As it goes over the wire.
const document = JSON.parse(JSON.stringify(openRpcDocument())) as Record<string, unknown>;
const described = document['methods'] as readonly Described[];

/** What a JSON pointer such as `#/components/schemas/Project` leads to. */
function follow(pointer: string): unknown {
  let place: unknown = document;
  for (const part of pointer.replace(/^#\//, '').split('/')) {
    const key = part.replaceAll('~1', '/').replaceAll('~0', '~');
    place = typeof place === 'object' && place !== null ? (place as Record<string, unknown>)[key] : undefined;
  }
  return place;
}

/** Every object in the document, with the path to it. */
function* objects(value: unknown, path: string): Generator<[string, Record<string, unknown>]> {
  if (typeof value !== 'object' || value === null) return;
  if (!Array.isArray(value)) yield [path, value as Record<string, unknown>];
  for (const [key, inner] of Object.entries(value)) yield* objects(inner, `${path}/${key}`);
}

describe('the OpenRPC document', () => {
  test('describes every method once', () => {
    expect(document['openrpc']).toMatch(/^1\.3\.\d+$/);
    expect(document['info']).toMatchObject({ title: expect.any(String), version: expect.any(String) });
    expect(described.map(({ name }) => name).toSorted()).toEqual(Object.keys(methods).toSorted());
  });

  test('describes every event once', () => {
    expect(document['x-events']).toMatchObject(
      events.map(({ type, summary, example }) => ({ type, summary, example })),
    );
  });

  test('has no reference that leads nowhere', () => {
    const references = [...objects(document, '#')].filter(([, object]) => '$ref' in object);
    expect(references.length).toBeGreaterThan(0);
    for (const [path, { $ref }] of references)
      expect(follow(String($ref)), `${path} → ${String($ref)}`).toBeDefined();
  });

  test('says of every parameter, result, event, error and type, and of each field in them, what it is', () => {
    const unsaid = [...objects(document, '#')].flatMap(([path, object]) => {
      const { name, schema, properties = {} } = object;
      const fields = Object.entries(properties as Record<string, Record<string, unknown>>);
      return [
        ...fields.filter(([, field]) => !field['description']).map(([field]) => `${path}: ${field}`),
        ...(typeof name === 'string' && schema && !object['description'] ? [path] : []),
        ...(/^#\/components\/schemas\/\w+$/.test(path) && !object['description'] ? [path] : []),
      ];
    });
    expect(unsaid, 'these are without .describe() where they are declared').toEqual([]);
  });

  test('leaves no part of a schema without a meaning of its own', () => {
    for (const [path, object] of objects(document['components'], '#/components')) {
      expect(object, path).not.toHaveProperty('$schema');
      expect(object, path).not.toHaveProperty('definitions');
    }
  });

  test.each(described.map((method) => [method.name, method] as const))('of %s', (name, method) => {
    const declaration = findMethod(name) as Method;
    const names = method.params.map((param) => param.name);
    expect(new Set(names).size).toBe(names.length);
    // The specification wants required parameters first.
    const required = method.params.map((param) => param.required);
    expect(required).toEqual([...required].toSorted((a, b) => Number(b) - Number(a)));
    // And required are those without which the method refuses.
    const example = declaration.example.params as Record<string, unknown>;
    for (const param of method.params) {
      const without = Object.fromEntries(Object.entries(example).filter(([key]) => key !== param.name));
      expect(declaration.params.safeParse(without).success, param.name).toBe(!param.required);
    }
    const errors = method.errors.map((error) => ('$ref' in error ? follow(String(error['$ref'])) : error));
    expect(errors).toEqual(
      expect.arrayContaining(
        declaredErrors(declaration).map((kind) => expect.objectContaining({ code: ERRORS[kind].code })),
      ),
    );
    const [shown] = method.examples;
    expect(Object.fromEntries((shown?.params ?? []).map(({ name: param, value }) => [param, value]))).toEqual(
      example,
    );
    expect(shown?.result.value).toEqual(declaration.example.result);
  });

  test('is what a daemon gives', async () => {
    const { connect } = await startDaemon();
    expect(await (await connect()).call('rpc.discover')).toEqual(document);
  });
});
