/** The library out of the tarball, in bundles of esbuild, as most extensions of editors are made. */
import { execFile } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, expect, onTestFinished, test } from 'vitest';
import { packageOf } from '../client/service/packages.ts';
import { environment, temporaryDirectory } from '../support/home.ts';
import { APP, assertFindsDaemon, machine } from './bundled.ts';
import { emptyConsumer, npm, pack, requireNetwork, runIn } from './packed.ts';

const PATIENCE_MS = 180_000;
const ESBUILD = 'esbuild@0.28.2';

let app: string;
let gardenerd: string;

beforeAll(async () => {
  app = await emptyConsumer();
  await npm(['install', '--ignore-scripts', await pack()], { cwd: app });
  gardenerd = join(app, 'node_modules', 'codebase-gardener', 'dist', 'gardenerd.js');
  await mkdir(join(app, 'dist'));
}, PATIENCE_MS);

/** Bundles the app, and gives the path; a warning is a failure. */
async function bundle(name: string, text: string, ...flags: string[]): Promise<string> {
  // Its own script only replaces a program by a faster one.
  await npm(['install', '--ignore-scripts', '--no-save', ESBUILD], { cwd: app });
  await writeFile(join(app, 'app.js'), text);
  const words = ['--bundle', '--platform=node', ...flags, `--outfile=${join(app, 'dist', name)}`];
  const options = { cwd: app };
  const { stderr } = await promisify(execFile)(
    join(app, 'node_modules', '.bin', 'esbuild'),
    ['app.js', '--log-level=warning', ...words],
    options,
  );
  expect(stderr).toBe('');
  return join(app, 'dist', name);
}

test('an ES module finds the daemon or says how', { timeout: PATIENCE_MS }, async (context) => {
  requireNetwork(context);
  await assertFindsDaemon(await bundle('app.mjs', APP, '--format=esm', '--minify'), gardenerd);
});

test('an extension in one file of CommonJS does, too', { timeout: PATIENCE_MS }, async (context) => {
  requireNetwork(context);
  const extension = `import { version } from 'vscode';\n${APP}\nexport { version };`;
  const made = await bundle('extension.cjs', extension, '--format=cjs', '--external:vscode');
  await mkdir(join(app, 'dist', 'node_modules', 'vscode'), { recursive: true });
  await writeFile(join(app, 'dist', 'node_modules', 'vscode', 'index.js'), 'exports.version = "1";');
  await assertFindsDaemon(made, gardenerd);
});

test(
  'a newer app leaves an older daemon alone whose program is all that it finds',
  { timeout: PATIENCE_MS },
  async (context) => {
    requireNetwork(context);
    const script = `
    import { connect } from 'codebase-gardener';
    const registry = await connect();
    console.log(registry.hello.version, registry.hello.pid);
    await registry.close();`;
    const made = await bundle('once.mjs', script, '--format=esm');
    const [old, newer] = [await temporaryDirectory(), await temporaryDirectory()];
    await packageOf('0.0.1', join(old, 'package'));
    await packageOf('99.0.0', join(newer, 'package'));
    const on = await machine(join(old, 'package', 'dist', 'gardenerd.js'));
    const home = await temporaryDirectory();
    const hello = (env: NodeJS.ProcessEnv) =>
      runIn(app, process.execPath, [made], { ...environment(home), ...env });
    const known = { PATH: `${on.nodes}:${on.programs}` };
    const first = await hello(known);
    onTestFinished(async () => {
      const [, pid] = (await hello(known)).split(' ');
      process.kill(Number(pid));
    });
    expect(first).toMatch(/^0\.0\.1 /);
    for (let times = 0; times < 3; times += 1) expect(await hello(known)).toBe(first);
    const log = await readFile(join(home, '.codebase-gardener', 'logs', 'daemon-start.log'), 'utf8');
    expect(log.match(/ starts /g)).toHaveLength(1);

    // A script around a newer one may be anything.
    const wrapper = join(newer, 'gardenerd');
    const started = join(newer, 'package', 'dist', 'gardenerd.js');
    await writeFile(wrapper, `#!/bin/sh\nexec '${process.execPath}' '${started}' "$@"\n`, { mode: 0o755 });
    expect(await hello({ CODEBASE_GARDENER_DAEMON: wrapper })).toBe(first);
    expect(await hello({ CODEBASE_GARDENER_DAEMON: started })).toMatch(/^99\.0\.0 /);
  },
);
