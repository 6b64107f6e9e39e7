import { execFile, type ExecFileOptions } from 'node:child_process';
import { chmod, chown, copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { bundles } from './bundle.ts';
import { answer, standIn, temporaryHome } from './stand-in.ts';

const NOBODY = 65534;
const programs = bundles({ library: 'client/index.ts' });

/** Runs a module that has `connect`, `socket` and `PATIENT` deadlines, and gives what it printed once it has ended of its own accord. */
async function run(
  script: string,
  socket: string,
  options: ExecFileOptions = {},
  file = programs.library.file,
): Promise<string> {
  const source = `import { connect } from ${JSON.stringify(pathToFileURL(file).href)};
    const socket = ${JSON.stringify(socket)};
    const PATIENT = { connect: 20_000, hello: 20_000 };
    ${script}`;
  const ended = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', source], {
    // A guard against processes that stay; nothing waits for it otherwise.
    timeout: 50_000,
    ...options,
  });
  return String(ended.stdout);
}

test('the library brings neither the validator, nor the log, nor the server with it', () => {
  const allowed =
    /\/node_modules\/(json-rpc-2\.0|ignore)\/|\/client\/((wire|reach|codebase(\/files)?|output|training)\/)?[a-z-]+\.ts$|\/client\/service\/(ask|commands|installed|version|launchd\/launchctl)\.ts$|\/src\/(flags|paths|version|claim\/(beside|for-root|killed-process|private-directory|process-ids)|domain\/(errors|limits|values\/(json|names|refusal|text))|protocol\/(errors|limits|version)|system\/[a-z-]+)\.ts$|\/package\.json$/;
  expect(programs.library.modules.length).toBeGreaterThan(5);
  expect(programs.library.modules.filter((id) => !id.startsWith('\0') && !allowed.test(id))).toEqual([]);
});

test('loading the library loads no module of Node that only a start needs', async () => {
  const loaded = await run('console.log(process.moduleLoadList.join());', '');
  for (const name of ['child_process', 'http', 'worker_threads'])
    expect(loaded).not.toContain(`NativeModule ${name},`);
});

describe('a process', () => {
  test('ends when it has its answers, closed or not', async () => {
    const daemon = await standIn(({ method }) => (method === 'projects.count' ? 3 : undefined));
    const printed = await run(
      `const client = await connect({ socket, deadlines: PATIENT });
       console.log(await client.projects.count());
       process.on('exit', () => console.log('ended'));`,
      daemon.socket,
    );
    expect(printed).toBe('3\nended\n');
  });

  test('lives as long as an answer is awaited', async () => {
    const daemon = await standIn(({ id, method }, socket) => {
      // Long enough for a process that waits for nothing to end.
      if (method === 'projects.count') setTimeout(() => socket.write(answer(id, 3)), 300);
    });
    const printed = await run(
      `const client = await connect({ socket, deadlines: { ...PATIENT, call: Infinity } });
       console.log(await client.projects.count());`,
      daemon.socket,
    );
    expect(printed).toBe('3\n');
  });

  test('lives as long as somebody listens for notifications', async () => {
    const note = `${JSON.stringify({ jsonrpc: '2.0', method: 'registry.event', params: 7 })}\n`;
    const daemon = await standIn(({ method }, socket) => {
      if (method === 'daemon.hello') setTimeout(() => socket.write(note), 300);
    });
    const printed = await run(
      `const client = await connect({ socket, deadlines: PATIENT });
       const stop = client.onNotification((method, params) => { console.log(method, params); stop(); });`,
      daemon.socket,
    );
    expect(printed).toBe('registry.event 7\n');
  });

  test('of another user is kept away from the socket', async ({ skip }) => {
    if (process.getuid?.() !== 0) skip('needs root to become somebody else');
    // In a place that the other user can read.
    const home = await temporaryHome();
    const file = join(home, 'library.mjs');
    await copyFile(programs.library.file, file);
    const ask = (socket: string) =>
      run(
        `await connect({ socket }).catch(({ name, reason, message }) => console.log(name, reason, message));`,
        socket,
        { uid: NOBODY, gid: NOBODY, cwd: '/' },
        file,
      );
    const daemon = await standIn();
    await chmod(join(daemon.socket, '..'), 0o700);
    await chmod(home, 0o755);
    expect(await ask(daemon.socket)).toMatch(/^ConnectionError not_allowed .*permission denied \(EACCES\)/);

    const open = await standIn(undefined, join(home, 'open.sock'));
    await chmod(open.socket, 0o666);
    expect(await ask(open.socket)).toMatch(
      /^ConnectionError not_allowed .*belongs to user 0 and not to you \(65534\)/,
    );

    await chown(open.socket, NOBODY, NOBODY);
    await chmod(open.socket, 0);
    expect(await ask(open.socket)).toMatch(/^ConnectionError not_allowed .*permission denied \(EACCES\)/);
    expect(daemon.accepted + open.accepted).toBe(0);
  });
});
