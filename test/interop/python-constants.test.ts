/** What the Python client has written down for itself, against what it is written down of. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import type { z } from 'zod';
import { DEADLINES, TUNNEL_MS } from '../../client/reach/connect.ts';
import { ERRORS, type ErrorKind } from '../../src/domain/errors.ts';
import * as sizes from '../../src/domain/limits.ts';
import { OUTCOMES, TRAINING_STATUSES } from '../../src/domain/project.ts';
import { outputOf } from '../../src/domain/training/output.ts';
import { MAX_SOCKET_PATH_BYTES } from '../../src/paths.ts';
import { errorData } from '../../src/protocol/error-data.ts';
import { INVALID_PARAMS } from '../../src/protocol/errors.ts';
import { MAX_DEPTH, MAX_ISSUES, MAX_LINE_BYTES } from '../../src/protocol/limits.ts';
import { wireProject } from '../../src/protocol/method.ts';
import { methods } from '../../src/protocol/methods.ts';
import { PROTOCOL_VERSION } from '../../src/protocol/version.ts';
import { VERSION } from '../../src/version.ts';
import { requireTools } from '../support/tools.ts';

const FILE = 'client/python/codebase_gardener_registry/__init__.py';

const { training, repository, trained_from } = wireProject.shape;
const info = methods['registry.info'].result;
const issue = methods['registry.validate'].result.shape.issues.element;
const imported = methods['registry.import'].result;
const undone = methods['registry.undo'].result.shape.undone.unwrap();
const pruned = methods['training.prune'].result;
const { active_project, changes, goes } = undone.shape.effect.shape;
/** What releasing a lease puts back, and how long its trainer may be silent. */
const OF_THE_DAEMON: ReadonlySet<string> = new Set(['before', 'stall_ms']);

/** Each with the file that decides it. */
const EXPECTED: Readonly<Record<string, readonly [value: unknown, from: string]>> = {
  __version__: [VERSION, 'package.json'],
  PROTOCOL_VERSION: [PROTOCOL_VERSION, 'src/protocol/version.ts'],
  CONNECT_TIMEOUT: [DEADLINES.connect / 1_000, 'client/reach/connect.ts'],
  HELLO_TIMEOUT: [DEADLINES.hello / 1_000, 'client/reach/connect.ts'],
  START_TIMEOUT: [DEADLINES.start / 1_000, 'client/reach/connect.ts'],
  CALL_TIMEOUT: [DEADLINES.call / 1_000, 'client/reach/connect.ts'],
  _TUNNEL_TIMEOUT: [TUNNEL_MS / 1_000, 'client/reach/connect.ts'],
  _MAX_REQUEST_BYTES: [MAX_LINE_BYTES, 'src/protocol/limits.ts'],
  _MAX_ISSUES: [MAX_ISSUES, 'src/protocol/limits.ts'],
  // What is around params takes one.
  _MAX_DEPTH: [MAX_DEPTH - 1, 'src/protocol/limits.ts'],
  _MAX_SOCKET_PATH_BYTES: [MAX_SOCKET_PATH_BYTES, 'src/paths.ts'],
  _MAX_PHASE: [sizes.MAX_PHASE, 'src/domain/limits.ts'],
  _MAX_MESSAGE: [sizes.MAX_MESSAGE, 'src/domain/limits.ts'],
  _MAX_ERROR: [sizes.MAX_ERROR, 'src/domain/limits.ts'],
  _MAX_HOLDER: [sizes.MAX_CALLER, 'src/domain/limits.ts'],
  _MAX_DETAILS_BYTES: [sizes.MAX_DETAILS_BYTES, 'src/domain/limits.ts'],
  _MAX_METADATA_BYTES: [sizes.MAX_METADATA_BYTES, 'src/domain/limits.ts'],
  _MAX_PATH_BYTES: [sizes.MAX_PATH_BYTES, 'src/domain/limits.ts'],
  _MAX_BASE_MODEL: [sizes.MAX_BASE_MODEL, 'src/domain/limits.ts'],
  _MAX_REMOTE: [sizes.MAX_REMOTE, 'src/domain/limits.ts'],
  _MAX_WHOLE: [Number.MAX_SAFE_INTEGER, 'what JSON numbers are in JavaScript'],
  _REPEATABLE: [
    Object.entries(methods)
      .flatMap(([name, { kind }]) => (kind === 'read' ? name : []))
      .toSorted(),
    'the methods of kind "read" in src/protocol/methods/',
  ],
  _ERRORS: [
    { [INVALID_PARAMS]: 'InvalidParamsError', ...classes() },
    'src/domain/errors.ts: a class for each kind, called as it is',
  ],
  TrainingStatus: [TRAINING_STATUSES, 'src/domain/project.ts'],
  // With a place for what a newer version has.
  ProjectMetadata: [[...Object.keys(wireProject.shape), 'extra'], 'src/domain/project.ts'],
  // Without what is for the daemon alone, and with what is only on the wire.
  Training: [
    Object.keys(training.unwrap().shape).filter((name) => !OF_THE_DAEMON.has(name)),
    'src/domain/schema.ts',
  ],
  EndedTraining: [
    Object.keys(methods['training.history'].result.shape.trainings.element.shape),
    'src/protocol/methods/history.ts',
  ],
  Repository: [keys(repository.unwrap()), 'src/domain/schema.ts'],
  Source: [keys(trained_from.unwrap()), 'src/domain/schema.ts'],
  Problem: [keys(info.shape.problem.unwrap()), 'src/protocol/events.ts'],
  RegistryInfo: [keys(info), 'src/protocol/methods/registry.ts'],
  ImportResult: [keys(imported), 'src/protocol/methods/registry.ts'],
  TakenProject: [keys(imported.shape.taken.element), 'src/protocol/methods/registry.ts'],
  Undone: [keys(undone), 'src/protocol/methods/undo.ts'],
  LeftBehind: [keys(undone.shape.left.element), 'src/protocol/methods/undo.ts'],
  Effect: [keys(undone.shape.effect), 'src/protocol/methods/effect.ts'],
  ActiveChange: [keys(active_project.unwrap()), 'src/protocol/methods/effect.ts'],
  ProjectName: [keys(goes.element), 'src/protocol/methods/effect.ts'],
  DifferingProject: [keys(changes.element), 'src/protocol/methods/effect.ts'],
  PruneResult: [keys(pruned), 'src/protocol/methods/history.ts'],
  PrunedProject: [keys(pruned.shape.pruned.element), 'src/protocol/methods/history.ts'],
  SlotUse: [Object.keys(errorData.slot_taken.shape.holders.element.shape), 'src/protocol/error-data.ts'],
  ProtocolRange: [keys(errorData.incompatible_protocol.shape.protocol), 'src/protocol/error-data.ts'],
  Outcome: [OUTCOMES, 'src/domain/project.ts'],
  IssueCode: [issue.shape.code.options, 'src/protocol/methods/registry.ts'],
  ...Object.fromEntries(
    Object.entries(errorData).map(([kind, { shape }]) => [
      className(kind as ErrorKind),
      // `from` is no name in Python.
      [Object.keys(shape).map((name) => (name === 'from' ? 'from_' : name)), 'src/protocol/error-data.ts'],
    ]),
  ),
  Output: [Object.keys(outputOf('', 0)), 'src/domain/training/output.ts'],
};

/** By the code of its kind, the name of each class. */
function classes(): Readonly<Record<number, string>> {
  return Object.fromEntries(
    Object.entries(ERRORS).map(([kind, { code }]) => [code, className(kind as ErrorKind)]),
  );
}

/** `project_not_found` is a ProjectNotFoundError. */
function className(kind: ErrorKind): string {
  const capital = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1);
  return `${kind.split('_').map(capital).join('')}Error`;
}

/** The keys of an object, with a question mark where it may be missing. */
function keys({ shape }: z.ZodObject): string[] {
  return Object.entries(shape)
    .map(([name, value]) => ((value as z.ZodType).safeParse(undefined).success ? `${name}?` : name))
    .toSorted();
}

/** Prints what the module says under each of the names that it is given, as JSON. */
const PROGRAM = `
import dataclasses, enum, json, sys, typing
import codebase_gardener_registry as module

def plain(value):
    if isinstance(value, dict):
        return {key: found.__name__ for key, found in value.items()}
    if isinstance(value, frozenset):
        return sorted(value)
    if dataclasses.is_dataclass(value):
        return [field.name for field in dataclasses.fields(value)]
    if hasattr(value, "__required_keys__"):
        return sorted(value.__required_keys__ | {f"{key}?" for key in value.__optional_keys__})
    if typing.get_origin(value) is typing.Literal:
        return list(typing.get_args(value))
    if isinstance(value, type) and issubclass(value, Exception):
        return [name for name, each in vars(value).items() if isinstance(each, property)]
    return [each.value for each in value] if isinstance(value, enum.EnumMeta) else value

print(json.dumps({name: plain(getattr(module, name)) for name in sys.argv[1:]}))
`;

let asked: Promise<Readonly<Record<string, unknown>>> | undefined;

async function ask(): Promise<Readonly<Record<string, unknown>>> {
  const PYTHONPATH = fileURLToPath(new URL('../../client/python/', import.meta.url));
  const { stdout } = await promisify(execFile)('python3', ['-c', PROGRAM, ...Object.keys(EXPECTED)], {
    env: { ...process.env, PYTHONPATH, PYTHONDONTWRITEBYTECODE: '1' },
  });
  return JSON.parse(stdout) as Readonly<Record<string, unknown>>;
}

test.for(Object.entries(EXPECTED))('%s', async ([name, [value, from]], context) => {
  requireTools(context, 'python3');
  const said = await (asked ??= ask());
  expect(said[name], `change ${name} in ${FILE} to what is expected here; it follows ${from}`).toEqual(value);
});
