/** How long a server of an agent lives: as long as its input, whatever it waits for. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { open, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, expect, test } from 'vitest';
import { standIn, type StandIn } from '../client/stand-in.ts';
import { type Agent, startAgent } from '../support/agent.ts';
import { builtProgram, commandLine, type RunOptions, type Running } from '../support/cli.ts';
import { until } from '../support/until.ts';

/** A loaded machine may stall; what is waited for in these tests takes half a minute and more. Milliseconds. */
const SOON_MS = 10_000;

const PING = { jsonrpc: '2.0', id: 'ping', method: 'ping' };
const CALL = { jsonrpc: '2.0', id: 'call', method: 'tools/call', params: { name: 'list_projects' } };

/** An agent, and a daemon in whose place nobody answers. */
async function withMuteDaemon(options?: RunOptions): Promise<Agent & { readonly daemon: StandIn }> {
  const daemon = await standIn();
  const agent = await startAgent(await commandLine(), ['--socket', daemon.socket], options);
  return { ...agent, daemon };
}

/** Calls; resolves once the daemon has heard of it. */
async function callInVain({ peer, daemon }: Awaited<ReturnType<typeof withMuteDaemon>>): Promise<void> {
  peer.send(CALL);
  await until(() => daemon.received.length > 0, 'the daemon has the call');
}

/** How it ends, soon: with what code, or by what signal. */
async function ending({ child }: Running, how: () => unknown): Promise<unknown> {
  const exited = once(child, 'exit', { signal: AbortSignal.timeout(SOON_MS) });
  how();
  const [code, signal] = await exited;
  return code ?? signal;
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

describe('a server ends with its input', () => {
  test('while a call waits for a daemon that does not answer, and gives no answer', async () => {
    const agent = await withMuteDaemon();
    await callInVain(agent);
    expect(await ending(agent, () => agent.child.stdin.end())).toBe(0);
    expect(await agent.finished).toMatchObject({ stderr: '' });
    expect(agent.peer.waiting).toEqual([]);
  });

  test('while nobody reads what it has written', async () => {
    const daemon = await standIn();
    const agent = (await commandLine()).start(['mcp', '--socket', daemon.socket], { input: null });
    agent.child.stdout.pause();
    // More than a pipe has room for, and less than what keeps it from hearing more.
    const ping = (_: unknown, n: number): object => ({ ...PING, id: `${n}${'x'.repeat(4_000)}` });
    const asked = [...Array.from({ length: 150 }, ping), CALL];
    agent.child.stdin.write(asked.map((one) => `${JSON.stringify(one)}\n`).join(''));
    // What was asked for before that has its answer.
    await until(() => daemon.received.length > 0, 'the daemon has the call');
    expect(await ending(agent, () => agent.child.stdin.end())).toBe(0);
  });

  test('while more waits for a daemon than can be under way, and nobody reads', async () => {
    const agent = await withMuteDaemon({ input: null });
    agent.child.stdout.pause();
    const calls = Array.from({ length: 30_000 }, (_, id) => `${JSON.stringify({ ...CALL, id })}\n`);
    await new Promise((written) => void agent.child.stdin.write(calls.join(''), written));
    expect(await ending(agent, () => agent.child.stdin.end())).toBe(0);
  });

  test('while a daemon comes up, which ends with it', async () => {
    const cli = await commandLine();
    const program = join(cli.home, 'never-up');
    await writeFile(program, '#!/bin/sh\necho $$ > ~/pid\nexec sleep 60\n', { mode: 0o755 });
    const env = { CODEBASE_GARDENER_DAEMON: program };
    const agent = await startAgent(cli, [], { env });
    agent.peer.send(CALL);
    const read = (): Promise<string> => readFile(join(cli.home, 'pid'), 'utf8').catch(() => '');
    const pid = Number(await until(read, 'the daemon is being started'));
    expect(await ending(agent, () => agent.child.stdin.end())).toBe(0);
    await until(() => !isAlive(pid), 'what was started has ended');
  });

  test('once it has answered what was asked before, the last line complete or not', async () => {
    const cli = await commandLine();
    const asked = [1, 2, 3].map((id) => JSON.stringify({ ...PING, id }));
    const { code, stdout } = await cli.run(['mcp'], { input: asked.join('\n') });
    const ids = stdout
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { id: number }).id);
    expect({ code, ids }).toEqual({ code: 0, ids: [1, 2, 3] });
  });
});

test.each([
  ['SIGTERM', 143],
  ['SIGINT', 130],
  ['SIGHUP', 129],
] as const)('a server ends by %s, whatever it waits for', async (name, code) => {
  const agent = await withMuteDaemon();
  await callInVain(agent);
  expect(await ending(agent, () => agent.child.kill(name))).toBe(code);
});

test('a server ends when nobody reads any more', async () => {
  const agent = await withMuteDaemon();
  agent.child.stdout.destroy();
  const ping = (): void => agent.peer.send(PING);
  expect(await ending(agent, ping)).toBe(0);
  expect(agent.output.stderr).toBe('');
});

test.runIf(existsSync('/dev/full'))('a server says once why it cannot write', async () => {
  const { home } = await commandLine();
  await using full = await open('/dev/full', 'w');
  const words = [builtProgram('gardener.js'), 'mcp'];
  const child = spawn(process.execPath, words, { env: { HOME: home }, stdio: ['pipe', full.fd, 'pipe'] });
  child.stdin?.write(`${JSON.stringify(PING)}\n`);
  const [said, [code]] = await Promise.all([child.stderr && text(child.stderr), once(child, 'exit')]);
  expect({ said, code }).toEqual({
    said: 'gardener mcp: cannot write the answer: the disk is full\n',
    code: 1,
  });
});

test('a change whose answer is lost is not made again, and the agent is told so', async () => {
  const found = { project_id: 'p1', name: 'payments', source_path: '/p', retrain_requested: null };
  let caller: unknown;
  const daemon = await standIn(({ method, params }, socket) => {
    if (method === 'daemon.hello') caller = params?.['client'];
    if (method === 'projects.get') return found;
    if (method === 'projects.retrain') socket.destroy();
    return undefined;
  });
  const agent = await startAgent(await commandLine(), ['--socket', daemon.socket]);
  const told = await agent.refusal('request_retraining', { project: 'payments' });
  expect(told).toContain('a change may have been made');
  // By that name the registry's log has it.
  expect(caller).toMatchObject({ name: 'gardener mcp (test 1)', pid: agent.child.pid });
  expect(daemon.received.map(({ method }) => method)).toEqual(['projects.get', 'projects.retrain']);
});

test('only the protocol gets to standard output, whoever writes there', async () => {
  // A package of the protocol looks for its name there as it is loaded.
  const noise = `
    let kept;
    Object.defineProperty(globalThis, '__zod_globalRegistry', {
      get: () => (console.log('loading'), kept),
      set: (value) => (kept = value),
    });
    process.on('exit', () => { console.log('logged'); process.stdout.write('written\\n'); })`;
  const agent = await withMuteDaemon({
    env: { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(noise)}` },
  });
  agent.child.stdin.end();
  const { stdout, stderr } = await agent.finished;
  expect(stderr).toMatch(/^(loading\n)+logged\nwritten\n$/);
  expect(
    stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as object),
  ).toHaveLength(1);
});
