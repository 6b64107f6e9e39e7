/** The client library of the Codebase Gardener registry. Begin with {@link connect}. */
import type { Result } from '../src/protocol/methods.ts';

export { connect, type ConnectOptions, type Deadlines } from './reach/connect.ts';
export type { Client } from './api.ts';
export type { NotificationListener } from './link.ts';
export type { WatchEvent, WatchOptions } from './watch.ts';
export type { EventNotification, RegistryEvent } from '../src/protocol/events.ts';
export type { CallArguments, CallOptions, Families, Family, FamilyName, Verb } from './verbs.ts';
export { CancelledError, ConnectionError, type ConnectionFailure, OutputError, RpcError } from './errors.ts';
export type { AddOptions, ProjectAdder } from './codebase/project-adder.ts';
export type {
  RunOptions,
  TrainingLease,
  TrainingReport,
  TrainingResult,
  TrainingRunner,
  WorkValue,
} from './training/training-runner.ts';
export { type ErrorData, type ErrorKind, type ParamIssue, RegistryError } from '../src/domain/errors.ts';
export { PathError, SocketPathError } from '../src/paths.ts';
export type { Json, JsonObject, TrainingStatus } from '../src/domain/project.ts';
export type { Issue, IssueCode } from '../src/domain/issues.ts';
export type { MethodName, Params, ReadMethod, Result } from '../src/protocol/methods.ts';

/** A project as the registry gives it. */
export type Project = Result<'projects.get'>;
/** What the daemon says of itself on every connection. */
export type Hello = Result<'daemon.hello'>;
