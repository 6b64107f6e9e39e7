/** A small app that is bundled with the library, as extensions of editors are, and the ways in which it finds a daemon. */
import { execFile } from 'node:child_process';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'vitest';
import manifest from '../../package.json' with { type: 'json' };
import { temporaryDirectory } from '../support/home.ts';

/** What is bundled. It trains, for which the library loads a part of itself; and says what it could not do. */
export const APP = `
  import { connect } from 'codebase-gardener';
  export async function activate(daemon) {
    try {
      const registry = await connect({ daemon, onWarning() {} });
      const { project_id: project } = await registry.projects.register({ name: 'app', source_path: process.cwd() });
      const { token } = await registry.training.begin({ project });
      const { training_status } = await registry.training.complete({ project, token });
      console.log(registry.hello.version, training_status);
      await registry.daemon.shutdown();
      await registry.close();
    } catch (error) {
      console.log(error.reason, error.message);
    }
  }`;

const DONE = `${manifest.version} completed\n`;

/** A machine on which an app is run: its own home, and nothing on PATH but what is put there. */
export interface Machine {
  /** Runs a bundle with a daemon given as an option or not, and gives what it said. */
  run(bundle: string, env?: NodeJS.ProcessEnv, daemon?: readonly string[]): Promise<string>;
  /** Where node is, and nothing else. */
  readonly nodes: string;
  /** Where the link is by which a package that is installed for everybody has its gardenerd on PATH. */
  readonly programs: string;
}

/** @param gardenerd to be on PATH */
export async function machine(gardenerd: string): Promise<Machine> {
  const directory = await temporaryDirectory();
  const [home, nodes, programs] = ['home', 'nodes', 'programs'].map((name) => join(directory, name)) as [
    string,
    string,
    string,
  ];
  await Promise.all([home, nodes, programs].map((each) => mkdir(each)));
  await symlink(process.execPath, join(nodes, 'node'));
  await symlink(gardenerd, join(programs, 'gardenerd'));
  return {
    nodes,
    programs,
    async run(bundle, env, daemon) {
      const script = `import(process.argv[1]).then(({ activate }) => activate(${JSON.stringify(daemon)}));`;
      const words = ['--input-type=module', '-e', script, bundle];
      const options = { cwd: home, env: { HOME: home, PATH: nodes, ...env } };
      const { stdout, stderr } = await promisify(execFile)(process.execPath, words, options);
      return stdout + stderr;
    },
  };
}

/** Puts a program of that name beside a bundle, which is not for it: nobody is to start it. */
async function putOtherBeside(bundle: string): Promise<void> {
  const other = join(dirname(bundle), 'gardenerd.js');
  await writeFile(other, 'console.error("gardenerd: I am somebody else"); process.exit(3);\n');
}

/** The app finds a daemon in each way in which it may, and says so where there is none. */
export async function assertFindsDaemon(bundle: string, gardenerd: string): Promise<void> {
  await putOtherBeside(bundle);
  const none =
    /^start_failed cannot start the daemon: none is found: .*CODEBASE_GARDENER_DAEMON.*PATH; install /;
  expect(await (await machine(gardenerd)).run(bundle)).toMatch(none);
  const named = join((await machine(gardenerd)).programs, 'gardenerd');
  const ways: Record<string, (on: Machine) => Promise<string>> = {
    path: (on) => on.run(bundle, { PATH: `${on.nodes}:${on.programs}` }),
    variable: (on) => on.run(bundle, { CODEBASE_GARDENER_DAEMON: named }),
    option: (on) => on.run(bundle, {}, [process.execPath, gardenerd]),
  };
  const found = Object.entries(ways).map(async ([way, run]) => [way, await run(await machine(gardenerd))]);
  expect(Object.fromEntries(await Promise.all(found))).toEqual({ path: DONE, variable: DONE, option: DONE });
}
