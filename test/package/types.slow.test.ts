/** What compilers and editors of other versions make of the types. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ERRORS } from '../../src/domain/errors.ts';
import { errorData } from '../../src/protocol/error-data.ts';
import { methods } from '../../src/protocol/methods.ts';
import { temporaryDirectory } from '../support/home.ts';
import { hovered } from './hovered.ts';
import { emptyConsumer, lend, npm, ourProgram, pack, requireNetwork } from './packed.ts';
import { complaints, type Platform, PLATFORMS, RESOLUTIONS } from './typed-consumer.ts';

/** The oldest that is promised, what many have, and the last of each line; 7 is the one that we have. */
const VERSIONS = ['5.4.5', '5.5.4', '5.9.3', '6.0.3'];
/** The last that tells a program what an editor shows. */
const EDITORS = '5.9.3';
const PLATFORM_NAMES = Object.keys(PLATFORMS) as Platform[];
/** Fetching, and many compilers on a loaded machine. Milliseconds. */
const PATIENCE_MS = 600_000;

let consumer: string;
let compilers: string;

const placeOf = (version: string): string => join(compilers, 'node_modules', `ts-${version}`);

let prepared: Promise<void> | undefined;

/** Once, for the first test that is not skipped. */
async function prepare(): Promise<void> {
  const tarball = await pack();
  consumer = await emptyConsumer();
  await npm(['install', '--ignore-scripts', tarball], { cwd: consumer });
  await lend(consumer, '@types/node');
  await lend(consumer, 'undici-types');
  compilers = await temporaryDirectory();
  const packages = VERSIONS.map((version) => `ts-${version}@npm:typescript@${version}`);
  await npm(['install', '--ignore-scripts', ...packages], { cwd: compilers });
}

test.for([...VERSIONS, 'ours'])(
  'TypeScript %s takes a program, and finds its mistakes',
  { timeout: PATIENCE_MS },
  async (version, context) => {
    requireNetwork(context);
    await (prepared ??= prepare());
    const compiler =
      version === 'ours' ? [ourProgram('tsc')] : [process.execPath, join(placeOf(version), 'lib', 'tsc.js')];
    for (const [at, platform] of PLATFORM_NAMES.entries())
      expect(await complaints(consumer, compiler, platform, RESOLUTIONS[at] ?? {}), platform).toBe('');
  },
);

const HOVERED = `
import { connect, RegistryError } from 'codebase-gardener';
const registry = await connect();
const project = await registry./*?*/projects.register({ name: 'a', /*?*/if_exists: 'return', source_path: '/a' });
await registry./*?*/projects.register(/*(*/{ name: 'a', source_path: '/a' });
await registry./*?*/projects.add(/*(*/'.');
await registry./*?*/training.run(/*(*/{ project: 'a' }, async (/*?*/lease) => lease./*?*/output.directory);
project.training?./*?*/holder; project.training?.eta_s;
project.training_statuss;
(await registry.daemon.status())./*?*/manager;
await connect(/*(*/);
new RegistryError(/*(*/'lease_held', 'a');
try { } catch (error) {
  if (error instanceof /*?*/RegistryError) {
    if (error./*?*/kind === 'lease_held') [error./*?*/code, error.data./*?*/holder];
  }
}
for await (const event of registry./*?*/watch()) {
  if (event.type === 'training') [event./*?*/outcome, event./*?*/type];
}
`;

/** What stands at each marker of the program, and is shown. */
const SHOWN: Readonly<Record<string, readonly string[]>> = {
  'projects.register': [
    '(method) ProjectsFamily.register(params: ProjectsRegisterParams, options?: CallOptions): Promise<Project>',
    methods['projects.register'].summary,
    '@throws {RegistryError} `project_exists`: The name is taken',
    "@example await registry.projects.register({\n  name: 'payments',",
  ],
  if_exists: [
    '(property) ProjectsRegisterParams.if_exists?: ',
    methods['projects.register'].params.shape.if_exists.description ?? 'a description',
  ],
  'projects.add': ['ProjectAdder.add(path: string | URL', 'Registers a codebase, as `gardener add` does'],
  'training.run': ['TrainingRunner.run', '@throws {CancelledError}'],
  lease: ['(parameter) lease: TrainingLease'],
  'output.directory': ['(property) Output.directory: string'],
  holder: [
    'LeaseHeldData.holder: Holder | null',
    errorData.lease_held.shape.holder.description ?? 'a description',
  ],
  kind: [`- \`lease_held\`: ${ERRORS.lease_held.meaning.slice(0, 80)}`, '- `slot_taken`: '],
  manager: [
    '(property) DaemonStatusResult.manager: Manager',
    'who started',
    '`spawned`: a client that needed it',
  ],
  RegistryError: ['instanceof', '`kind`'],
  code: ['(property) LeaseHeldError.code: 1006'],
  watch: [
    '(method) Client.watch(options?: WatchOptions): AsyncGenerator<WatchEvent',
    'Iterates over the changes',
  ],
  outcome: ['(property) TrainingEvent.outcome?: Outcome | undefined'],
  type: ['- `training`: The training of a project began or ended'],
};

/** What is said of the arguments where somebody writes them. */
const ASKED = [
  [
    'params: `name`, `source_path`; if wanted `language`,',
    'options: how long to wait for this call, and whom to tell',
  ],
  ['path: of a directory', 'options: what a directory does not tell'],
  ['params: as of `training.begin`', 'work: what is to be done', 'options: until when'],
  ['options: how the daemon is found'],
  ['kind: which error it is', 'message: for a person', 'details: what `data` has beside `kind`'],
];

/** Comments are broken between words. */
function inOneLine(text = ''): string {
  return text.replaceAll(/\s+/g, ' ');
}

test('an editor shows what the catalogue says', { timeout: PATIENCE_MS }, async (context) => {
  requireNetwork(context);
  await (prepared ??= prepare());
  const file = join(consumer, 'hovered.ts');
  await writeFile(file, HOVERED);
  const options = { strict: true, module: 'node16', target: 'es2022', types: ['node'] };
  const { shown, asked, mistakes } = hovered(placeOf(EDITORS), file, options);
  for (const [word, parts] of Object.entries(SHOWN)) {
    for (const part of parts) expect(inOneLine(shown.get(word)), word).toContain(inOneLine(part));
  }
  expect(asked).toEqual(ASKED.map((parts) => parts.map((part) => expect.stringContaining(part))));
  // Each thing once: what a word type is for is said of the member.
  expect(inOneLine(shown.get('manager')).match(/who started/g)).toHaveLength(1);
  expect(inOneLine(shown.get('RegistryError')).match(/The registry says no/g)).toHaveLength(1);
  expect(mistakes).toEqual([
    "2551: Property 'training_statuss' does not exist on type 'Project'. Did you mean 'training_status'?",
  ]);
});
