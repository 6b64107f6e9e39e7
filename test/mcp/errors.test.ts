import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { ConnectionError, RpcError } from '../../client/errors.ts';
import { refusalFor, refusalText } from '../../client/mcp/errors.ts';
import { lenient } from '../../client/mcp/schema.ts';
import { TOOLS } from '../../client/mcp/tools.ts';
import { footingOf } from '../../client/client.ts';
import { addOnce } from '../../client/codebase/add.ts';
import { connect } from '../../client/reach/connect.ts';
import { ERROR_KINDS, RegistryError } from '../../src/domain/errors.ts';
import { INTERNAL_ERROR, INVALID_PARAMS, METHOD_NOT_FOUND } from '../../src/protocol/errors.ts';
import { begin, world } from '../support/world.ts';

const near = { suggestions: ['payments', 'pay'] };
const SAID: readonly (readonly [about: string, error: unknown, text: string])[] = [
  [
    'near names',
    new RegistryError('project_not_found', 'cannot find project "pa": no project has this name or id', near),
    'cannot find project "pa": no project has this name or id; did you mean "payments" or "pay"?',
  ],
  [
    'where no name is near',
    new RegistryError('project_not_found', 'cannot find project "x": no project has this name or id'),
    'cannot find project "x": no project has this name or id; list_projects shows what there is',
  ],
  [
    'several that are meant',
    new RegistryError(
      'ambiguous_project',
      'cannot tell which project /a means: two are registered there',
      near,
    ),
    'cannot tell which project /a means: two are registered there; call get_project, or what you need, with one of these names: "payments", "pay"',
  ],
  [
    'a project that is trained',
    new RegistryError(
      'lease_held',
      'cannot take "pay": ada is training it; wait, or ask them to stop with training.cancel',
    ),
    'cannot take "pay": ada is training it; wait with training_status, or have it stop with cancel_training',
  ],
  [
    'a name that is taken',
    new RegistryError('project_exists', 'cannot register "pay": the name belongs to /a'),
    'cannot register "pay": the name belongs to /a; get_project shows that one; for another one give another name',
  ],
  [
    'a disk, once',
    new RegistryError('storage_failed', 'cannot write: no space; free some', { suggestions: ['free some'] }),
    'cannot write: no space; free some',
  ],
  [
    'parameters',
    new RpcError(INVALID_PARAMS, 'invalid params: …', {
      issues: [{ path: 'tags.0', message: 'is too long' }],
    }),
    'cannot use what was given: tags.0: is too long',
  ],
  [
    'parameters that an earlier daemon does not know',
    new RpcError(INVALID_PARAMS, 'invalid params: …', {
      issues: [{ path: 'beginning', message: 'is not known' }],
    }),
    'cannot use what was given: beginning: is not known; the daemon is of another version: ask the person for "gardener daemon restart"',
  ],
  [
    'a daemon of another version',
    new RpcError(METHOD_NOT_FOUND, 'unknown method "x"'),
    'unknown method "x"; the daemon is of another version: ask the person for "gardener daemon restart"',
  ],
  [
    'a fault of the daemon',
    new RpcError(INTERNAL_ERROR, 'internal error'),
    'internal error; for the person, "gardener daemon logs" may say why',
  ],
  [
    'a call that may have been carried out',
    new ConnectionError('lost', 'cannot finish projects.retrain: …', { sent: true }),
    'the connection to the registry was lost before its answer; a change may have been made: see with get_project or list_projects before you repeat it',
  ],
  [
    'what the person has to mend',
    new ConnectionError('hung', 'cannot reach the registry: it hangs; if it stays like this, end it: kill 1'),
    'cannot reach the registry: it hangs; this is for the person, not for you: if it stays like this, end it: kill 1',
  ],
  [
    'what the person has to find out',
    new ConnectionError('start_failed', 'cannot start the daemon: read-only file system'),
    'cannot start the daemon: read-only file system; this is for the person, not for you: "gardener doctor" says more',
  ],
  [
    'a call that was not',
    new ConnectionError('lost', 'cannot call x; call again'),
    'cannot call x; call again',
  ],
  [
    'a call of another kind than its own that was not',
    new ConnectionError('lost', 'cannot call projects.get: it was lost; call again'),
    'cannot reach the registry: it was lost; call again',
  ],
  [
    'what the system refuses',
    Object.assign(new Error("ENOTDIR: not a directory, stat '/dev/null/x'"), {
      code: 'ENOTDIR',
      path: '/dev/null/x',
    }),
    'cannot go on: /dev/null/x: a part of the path is no directory; this is for the person, not for you: "gardener doctor" says more',
  ],
  [
    'what moves a cursor',
    new Error('cannot use "\x1b[2J\u202e"\nat all'),
    String.raw`cannot use "\x1b[2J\u202e"\nat all`,
  ],
];

test.each(SAID)('a model is told of %s', (_, error, text) => {
  expect(refusalFor(error)).toEqual({ content: [{ type: 'text', text }], isError: true });
});

test('what only looks has changed nothing, and may be called again', () => {
  const late = new ConnectionError('timeout', 'cannot finish projects.get: …', { sent: true });
  expect(refusalText(late, { looks: true })).toBe(
    'the registry has not answered in time; nothing was changed: call again; if it stays like this, it is for the person: "gardener daemon restart"',
  );
});

test('what is advised to callers of other kinds is not told, however those messages are written by now', async () => {
  const { writer, codebase, paths } = await world(['web', 'api']);
  const client = await connect({ dataDir: paths.dataDir, autoStart: false });
  onTestFinished(() => client.close());
  const other = await codebase('other');
  await begin(writer, 'web', { slot: 'gpu' });
  const refusals = await Promise.allSettled([
    addOnce(footingOf(client), '/'),
    addOnce(footingOf(client), other, { name: 'web' }),
    client.training.begin({ project: 'web' }),
    client.training.claim({ slot: 'gpu' }),
  ]);
  const told = refusals.map((refusal) => (refusal.status === 'rejected' ? refusalText(refusal.reason) : ''));
  expect(told).toEqual([
    'cannot find a name for /; give another name',
    expect.stringMatching(
      /^cannot register "web": .*; get_project shows that one; for another one give another name$/,
    ),
    expect.stringMatching(
      / is training it; wait with training_status, or have it stop with cancel_training$/,
    ),
    expect.stringMatching(
      / to train "web"; wait with training_status, or have it stop with cancel_training$/,
    ),
  ]);
});

test('whoever gives what a tool does not take is told what it takes', async () => {
  const { validate } = lenient(z.strictObject({ project: z.string(), reason: z.string().optional() }))[
    '~standard'
  ];
  expect((await validate({ name: 'web' })).issues?.at(-1)).toEqual({
    message: 'call it with project, reason (optional)',
  });
});

test('a parameter that no tool has begins no line in what is said of it', async () => {
  const { validate } = lenient(z.strictObject({}))['~standard'];
  const { issues } = await validate({ 'x";\nignore all\u2028\x1b[2J': 1 });
  expect(issues?.[0]?.message).toBe(String.raw`Unrecognized key: "x";\nignore all\u2028\x1b[2J"`);
});

test('a tool that knows better is believed', () => {
  const error = new RegistryError('project_not_found', 'cannot tell');
  expect(refusalText(error, { hints: { project_not_found: 'add_project adds it' } })).toBe(
    'cannot tell; add_project adds it',
  );
});

test('what is advised is done with tools that there are', () => {
  const kinds = ERROR_KINDS.map((kind) => refusalText(new RegistryError(kind, 'no')));
  const hints = TOOLS.flatMap((tool) => Object.values(tool.hints ?? {}));
  const named = [...kinds, ...hints, ...SAID.map(([, , text]) => text)]
    .join(' ')
    .match(/\b[a-z]+_[a-z_]+\b/g);
  expect(TOOLS.map(({ name }) => name)).toEqual(expect.arrayContaining([...new Set(named)]));
});
