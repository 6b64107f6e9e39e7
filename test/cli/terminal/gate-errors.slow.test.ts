import { expect, test } from 'vitest';
import { ERROR_KINDS, ERRORS } from '../../../src/domain/errors.ts';
import { HOSTILE, hostileDaemon } from '../../support/hostile.ts';
import { gettingThrough, hostileHome } from './every-way.ts';

// Of a daemon that ends the client waits for the next one.
const kinds = ERROR_KINDS.filter((kind) => kind !== 'shutting_down');
test.each([...kinds, undefined])(
  'nothing that a terminal obeys gets through when all that the daemon says is an error (%s)',
  async (kind) => {
    const home = await hostileHome();
    const issues = [{ path: HOSTILE, message: HOSTILE }];
    const data = { ...(kind && { kind }), suggestions: [HOSTILE, 'b'], holder: { name: HOSTILE }, issues };
    const code = kind ? ERRORS[kind].code : -32602;
    await hostileDaemon(home, { error: { code, message: HOSTILE, data } });
    expect(await gettingThrough(home, [], true)).toEqual([]);
    expect(await gettingThrough(home, ['--json'], false)).toEqual([]);
  },
);
