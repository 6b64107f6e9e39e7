/** The library in Deno and in Bun, as npm installs it: the daemon that it starts there runs in Node. */
import { execFile } from 'node:child_process';
import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { environment, temporaryDirectory } from '../support/home.ts';
import { emptyConsumer, npm, pack, requireNetwork, runIn } from './packed.ts';

// Each of them is a hundred megabytes, which are fetched. Milliseconds.
const PATIENCE_MS = 300_000;
/** A process that does not end by itself would wait for ever. Milliseconds. */
const LIFE_MS = 60_000;

interface Runtime {
  /** Of the npm registry. */
  readonly tool: string;
  /** Whose packages have the programs, one for each platform: their scripts, which do not run here, would move them. */
  readonly scope: string;
  readonly program: string;
  readonly flags: readonly string[];
}

const RUNTIMES: Record<string, Runtime> = {
  Deno: {
    tool: 'deno@2.9.6',
    scope: '@deno',
    program: 'deno',
    flags: [
      'run',
      '--no-prompt',
      ...['read', 'write', 'env', 'net', 'run', 'sys'].map((what) => `--allow-${what}`),
    ],
  },
  Bun: { tool: 'bun@1.4.5', scope: '@oven', program: 'bin/bun', flags: [] },
};

const SCRIPT = `
  import { connect, RegistryError } from 'codebase-gardener';
  const registry = await connect({ client: { name: 'runtime' }, onWarning() {} });
  const { project_id: project } = await registry.projects.add('.', { name: 'here' });
  const events = [];
  const watching = (async () => {
    for await (const event of registry.watch()) {
      events.push(event.type);
      if (event.type === 'training' && event.project.training_status === 'completed') break;
    }
  })();
  const { token } = await registry.training.begin({ project });
  await registry.training.progress({ project, token, progress: 0.5 });
  await registry.training.complete({ project, token, metadata: { loss: 0.25 } });
  await watching;
  await registry.training.run({ project }, async (lease) => {
    lease.report({ progress: 0.4 });
    return { metadata: { accuracy: 0.75 } };
  });
  console.log(events[0], events.at(-1));
  const refused = await registry.projects.get({ project: 'nobody' }).catch((error) => error);
  console.log(refused instanceof RegistryError, refused.kind);
  const lost = new Promise((resolve) => registry.onLost(resolve));
  // It keeps the process alive until the connection is lost.
  const unlisten = registry.onNotification(() => {});
  const { pid } = registry.hello;
  process.kill(pid, 'SIGKILL');
  await lost;
  unlisten();
  console.log(JSON.stringify((await registry.projects.get({ project })).metadata), registry.hello.pid !== pid);
  const missing = await connect({ dataDir: process.cwd() + '/new', daemon: ['/bin/none'] }).catch((error) => error);
  console.log(missing.reason, missing.message.includes('/bin/none'));`;

let app: string;

beforeAll(async () => {
  app = await emptyConsumer();
  await npm(['install', '--ignore-scripts', await pack()], { cwd: app });
  await writeFile(join(app, 'app.mjs'), SCRIPT);
}, PATIENCE_MS);

/** Fetches a runtime, and gives the words that run the app in it. */
async function fetched({ tool, scope, program, flags }: Runtime): Promise<[string, ...string[]]> {
  const place = await temporaryDirectory();
  await npm(['install', '--ignore-scripts', '--prefix', place, tool], { cwd: place });
  const packages = join(place, 'node_modules', scope);
  const [platform = ''] = await readdir(packages);
  return [join(packages, platform, program), ...flags, 'app.mjs'];
}

describe.each(Object.entries(RUNTIMES))('%s', (_, runtime) => {
  test(
    'has the library work, over a lost connection, and ends by itself',
    { timeout: PATIENCE_MS },
    async (context) => {
      requireNetwork(context);
      const [program, ...words] = await fetched(runtime);
      const home = await temporaryDirectory();
      const env = environment(home);
      onTestFinished(
        async () => void (await runIn(app, join(app, 'node_modules/.bin/gardener'), ['daemon', 'stop'], env)),
      );
      const options = { cwd: app, env, timeout: LIFE_MS };
      expect(await promisify(execFile)(program, words, options)).toEqual({
        stdout:
          'resync training\ntrue project_not_found\n{"loss":0.25,"accuracy":0.75} true\nstart_failed true\n',
        stderr: '',
      });
      const log = await readFile(join(home, '.codebase-gardener/logs/daemon-start.log'), 'utf8');
      expect(log).toMatch(/ starts \/\S*\/node \/.*\/codebase-gardener\/dist\/gardenerd\.js$/m);

      // Nothing is on PATH but the runtime itself, by the name of Node, as Bun may put itself there.
      const alone = await temporaryDirectory();
      await mkdir(join(alone, 'bin'));
      await symlink(program, join(alone, 'bin', 'node'));
      const without = { ...options, env: { HOME: alone, PATH: join(alone, 'bin') } };
      await expect(promisify(execFile)(program, words, without)).rejects.toMatchObject({
        stderr: expect.stringContaining(
          'cannot start the daemon: it runs in Node.js, and no node is on PATH; install Node.js',
        ) as string,
      });
    },
  );
});
