/** A program that uses the types of the package, for compilers of several versions. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runIn } from './packed.ts';

const STRICT = {
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  noPropertyAccessFromIndexSignature: true,
  skipLibCheck: false,
  noEmit: true,
  target: 'es2022',
  types: [],
  lib: ['es2022'],
};

/** How programs find packages, as the options of a compiler. */
export const RESOLUTIONS = [
  { module: 'node16', moduleResolution: 'node16' },
  { module: 'nodenext', moduleResolution: 'nodenext' },
  { module: 'esnext', moduleResolution: 'bundler' },
];

/** What programs have of the platform: nothing, as in a library for everywhere, the types of Node, or those of a browser. */
export const PLATFORMS = {
  none: {},
  node: { types: ['node'], lib: ['es2023', 'esnext.disposable'] },
  dom: { lib: ['es2022', 'dom', 'esnext.disposable'] },
};
export type Platform = keyof typeof PLATFORMS;

/**
 * What a compiler has to say of the program; nothing where all is well.
 *
 * @param consumer where the package is installed, and `@types/node` for the platform `node`
 * @param words the compiler, and what it is started with
 */
export async function complaints(
  consumer: string,
  [program = '', ...words]: readonly string[],
  platform: Platform,
  resolution: object,
): Promise<string> {
  const compilerOptions = { ...STRICT, ...PLATFORMS[platform], ...resolution };
  await writeFile(join(consumer, 'consumer.ts'), PROGRAM + (platform === 'none' ? NOTHING : SIGNALS));
  await writeFile(
    join(consumer, 'tsconfig.json'),
    JSON.stringify({ compilerOptions, files: ['consumer.ts'] }),
  );
  return await runIn(consumer, program, [...words, '-p', '.']).catch(
    (error: unknown) => (error as { stdout: string }).stdout,
  );
}

const PROGRAM = `
import {
  type Client, connect, ConnectionError, type ErrorKind, type Hello, type Params, type Project, type ProjectsRegisterParams,
  RegistryError, type RegistryErrors, type RegistryEvent, type Result, type Training, type WatchEvent,
} from 'codebase-gardener';

export async function names(client: Client): Promise<string[]> {
  const { projects } = await client.projects.list({ status: 'failed', sort: 'name' });
  const first: Project | undefined = projects[0];
  const attempt: number | undefined = first?.training?.attempt;
  // @ts-expect-error there is no such status
  await client.projects.count({ status: 'tired' });
  // @ts-expect-error a project is asked for
  await client.projects.get();
  // @ts-expect-error nor is it called so
  await client.projects.get({ projct: 'payments' });
  // @ts-expect-error it takes nothing
  await client.daemon.ping({ loud: true });
  // @ts-expect-error misspelt
  console(first?.training_statuss);
  // @ts-expect-error misspelt further inside
  console(first?.training?.progres);
  // @ts-expect-error there is no such method
  await client.projects.regster({ name: 'a', source_path: '/a' });
  // What is metadata is for others to say.
  const loss = first?.metadata['loss'];
  return projects.map((project) => project.name + String(attempt) + String(loss));
}

declare function console(...values: unknown[]): void;
declare const env: string | undefined;

const client = await connect({ autoStart: false });
// One may be told of what is perhaps there, and methods may be handed on, or called by name.
await client.projects.resolve({ env, cwd: '/home/ada' });
const got: Result<'projects.get'> = await client.call('projects.get', { project: 'payments' });
const same: Project = got;
const params: Params<'projects.register'> & ProjectsRegisterParams = { name: 'a', source_path: '/a', tags: ['work'] };
const hello: Hello = client.hello;
const training: Training | null = same.training;
console(await client.call('daemon.ping'), params, hello.epoch, training?.holder?.pid);

export function told(event: RegistryEvent | WatchEvent): string | undefined {
  switch (event.type) {
    case 'registered':
    case 'updated':
    case 'progress':
      return event.project.name;
    case 'training':
      return event.outcome;
    case 'removed':
      // @ts-expect-error it is gone
      return event.project.name;
    case 'activated':
      return event.project?.name;
    case 'problem':
      return event.problem.remedy;
    case 'recovered':
    case 'shutdown':
      return event.at;
    case 'resync':
      return event.projects.map(({ etag }) => etag).join();
    default:
      return event satisfies never;
  }
}

try {
  for await (const event of client.watch({ progress: true })) console(told(event), event.cursor);
} catch (error) {
  if (error instanceof RegistryError) {
    const kind: ErrorKind = error.kind;
    // @ts-expect-error not every error has one
    console(kind, error.data.holder);
    if (error.kind === 'lease_held') console(error.data.holder?.name, error.data.project.name, error.code satisfies 1006);
    else if (error.kind === 'etag_mismatch' || error.kind === 'project_exists') console(error.data.project.etag);
    // @ts-expect-error that is in another one
    else if (error.kind === 'project_not_found') console(error.data.holders);
    else if (error.kind === 'storage_failed') console(error.data.applied);
    // @ts-expect-error there is no such kind
    else if (error.kind === 'lease_gone') console();
    else console(error.message, error.data.suggestions[0]);
  } else if (error instanceof ConnectionError && error.reason === 'hung') console(error.sent);
  else throw error;
}

const added: Project = await client.projects.add('.', { tags: ['work'] });
const loss: number = await client.training.run({ project: added.project_id }, async (lease) => {
  lease.report({ progress: 0.4, phase: 'training' });
  // @ts-expect-error misspelt
  lease.report({ progres: 0.4 });
  return lease.signal.aborted ? 0 : lease.token;
});
// @ts-expect-error work is to be done
await client.training.run({ project: 'payments' });
console(loss);

const made: RegistryError = new RegistryError('cursor_expired', 'cannot go on', { cursor: 'a:1' });
const held: RegistryErrors['lease_held'] = new RegistryError('lease_held', 'cannot train');
// @ts-expect-error there is no such detail
new RegistryError('lease_held', 'cannot train', { holders: [] });
// @ts-expect-error nor such a kind
new RegistryError('lease_gone', 'cannot train');
console(made, held);

class Refused extends RegistryError {}
class NotFound extends RegistryError<'project_not_found'> {
  constructor(project: string) {
    super('project_not_found', 'cannot find ' + project, { project });
    // @ts-expect-error the kind is another one
    void (() => new RegistryError<'project_not_found'>('lease_held', 'cannot train'));
  }
}
class Missing extends RegistryError {
  constructor(readonly project: string) {
    super('project_not_found', 'cannot find ' + project, { project });
  }
}
export function whatOf(error: unknown): string | undefined {
  if (error instanceof Missing) return error.project;
  if (error instanceof NotFound) return error.data.project;
  // @ts-expect-error that is in another one
  return error instanceof RegistryError ? error.data.project : undefined;
}
const refusals: RegistryError[] = [new Refused('lease_lost', 'cannot go on'), new NotFound('a'), new Missing('a')];
console(refusals);

/** What stands in for a client in a test. */
async function nameOf(registry: { projects: Pick<Client['projects'], 'get'> }): Promise<string> {
  return (await registry.projects.get({ project: 'payments' })).name;
}
const stub: Client = { ...client, close: async () => undefined };
console(await nameOf({ projects: { get: async () => got } }), await nameOf(client), stub);
`;

const NOTHING = `
await client.close();
`;

/** Where there are signals and disposing, they are the platform's own. */
const SIGNALS = `
const controller = new AbortController();
await client.projects.list({}, { signal: controller.signal, deadline: 1_000 });
// @ts-expect-error a signal is more than that
await client.projects.list({}, { signal: { aborted: false } });
{
  await using other = await connect({ signal: AbortSignal.timeout(1_000) });
  await other.projects.activate({ project: null });
}
`;
