import { describe, expect, test } from 'vitest';
import { ERROR_KINDS, ERRORS, InvalidParamsError, RegistryError } from '../../src/domain/errors.ts';

describe('a refusal of the registry', () => {
  test.each(ERROR_KINDS)('%s has its code, and its kind in its data', (kind) => {
    const error = new RegistryError(kind, 'cannot do it: no reason');
    expect(error).toMatchObject({
      name: 'RegistryError',
      code: ERRORS[kind].code,
      kind,
    });
    expect(error.data).toEqual({ kind, suggestions: [] });
    expect(String(error)).toBe('RegistryError: cannot do it: no reason');
  });

  test('carries what it is given, and stays of its kind', () => {
    const details = { suggestions: ['web'], project: 'wbe', kind: 'another' };
    expect(new RegistryError('project_not_found', 'm', details).data).toEqual({
      kind: 'project_not_found',
      suggestions: ['web'],
      project: 'wbe',
    });
  });
});

test('params that no rule accepts are told one after the other, each with its place where it has one', () => {
  const issues = [
    { path: 'tags.0', message: 'is empty' },
    { path: '', message: 'takes either project or from' },
  ];
  const error = new InvalidParamsError(issues);
  expect(error.issues).toEqual(issues);
  expect(String(error)).toBe(
    'InvalidParamsError: invalid params: tags.0: is empty; takes either project or from',
  );
});
