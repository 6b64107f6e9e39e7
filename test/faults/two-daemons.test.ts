/**
 * Two daemons that come to serve one data directory, because the note of the first is gone or its socket out of sight:
 * one goes on, the other one ends, and whatever either has acknowledged is in the file.
 */
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test, type TestContext } from 'vitest';
import { temporaryDirectory } from '../support/home.ts';
import type { LineClient } from '../support/lines.ts';
import { until } from '../support/until.ts';
import { CODEBASE, connectTo, Gardenerd, greet } from './support/gardenerd.ts';
import { PrivateMount } from './support/mounts.ts';

/** As in the attack that found it: three writers at each socket, of 100 changes each. */
const WRITERS = 3;
const CHANGES = 100;

/** Starts a daemon with a socket of its own, and waits until it answers there. */
async function startAt(socket: string, dataDir: string): Promise<Gardenerd> {
  const daemon = new Gardenerd(dataDir, { args: ['--socket', socket] });
  await until(async () => {
    if (!daemon.isRunning) throw new Error(daemon.stderr);
    return (await greet(socket)) === daemon.pid;
  }, `process ${daemon.pid} answers at ${socket}`);
  return daemon;
}

/** Makes changes at the first of these sockets that takes them; gives the names that were acknowledged. */
async function write(sockets: readonly string[], mark: string): Promise<string[]> {
  const acknowledged: string[] = [];
  let peer: LineClient | undefined;
  let at = 0;
  for (let count = 0; count < CHANGES;) {
    const name = `${mark}-${count}`;
    try {
      peer ??= await connectTo(String(sockets[at % sockets.length]));
      const { error } = await peer.ask('projects.register', { name, source_path: CODEBASE });
      if (error) throw new Error(error.message);
      acknowledged.push(name);
      count += 1;
    } catch {
      // Of this one it is not known whether it was made; the next one goes to the other daemon.
      peer?.socket.destroy();
      peer = undefined;
      at += 1;
      if (at > 1_000) throw new Error(`nobody takes changes at ${sockets.join(' or ')}`);
      count += at % 2;
    }
  }
  peer?.socket.destroy();
  return acknowledged;
}

async function writeAtBoth(first: string, second: string): Promise<string[]> {
  const all = await Promise.all(
    Array.from({ length: WRITERS }, (_, n) => [
      write([first, second], `first${n}`),
      write([second, first], `second${n}`),
    ]).flat(),
  );
  return all.flat();
}

async function namesIn(dataDir: string): Promise<Set<string>> {
  const text = await readFile(join(dataDir, 'registry.json'), 'utf8');
  const { projects } = JSON.parse(text) as { projects: Record<string, { name: string }> };
  return new Set(Object.values(projects).map(({ name }) => name));
}

async function missing(dataDir: string, acknowledged: readonly string[]): Promise<string[]> {
  const names = await namesIn(dataDir);
  return acknowledged.filter((name) => !names.has(name));
}

async function oneIsLeft(daemons: readonly Gardenerd[]): Promise<void> {
  await until(() => daemons.filter(({ isRunning }) => isRunning).length <= 1, 'one of them has ended');
  expect(daemons.filter(({ isRunning }) => isRunning)).toHaveLength(1);
}

describe('of two daemons on one data directory, one goes on and no acknowledged change is lost', () => {
  test('where the note of who serves it was removed', { timeout: 240_000 }, async () => {
    const dataDir = await temporaryDirectory();
    const elsewhere = join(await temporaryDirectory(), 'own.sock');
    const first = await startAt(elsewhere, dataDir);
    await rm(join(dataDir, 'run'), { recursive: true });
    const second = await new Gardenerd(dataDir).ready();
    const acknowledged = await writeAtBoth(elsewhere, second.paths.socket);
    expect(acknowledged.length).toBeGreaterThan(WRITERS * CHANGES);
    expect(await missing(dataDir, acknowledged)).toEqual([]);
    await oneIsLeft([first, second]);
  });

  test('where that happens while changes are made', { timeout: 240_000 }, async () => {
    const dataDir = await temporaryDirectory();
    const elsewhere = join(await temporaryDirectory(), 'own.sock');
    const first = await startAt(elsewhere, dataDir);
    const { socket } = first.paths;
    const writing = writeAtBoth(elsewhere, socket);
    await rm(join(dataDir, 'run'), { recursive: true });
    // Refused, when the first one has written its note again; otherwise it is the one that goes on.
    const second = new Gardenerd(dataDir);
    await oneIsLeft([first, second]);
    const acknowledged = await writing;
    expect(acknowledged.length).toBeGreaterThan(WRITERS * CHANGES);
    expect(await missing(dataDir, acknowledged)).toEqual([]);
  });

  test(
    'where the socket of the first is out of sight, as in a container',
    { timeout: 240_000 },
    async (context: TestContext) => {
      const mount = await PrivateMount.make(context, 'tmpfs', 'size=16m');
      const dataDir = await temporaryDirectory();
      // The same path, and behind it another directory for each.
      const socket = join(mount.place, 'registry.sock');
      const first = await startAt(socket, dataDir);
      const second = new Gardenerd(dataDir, { args: ['--socket', socket], enter: mount.enter });
      const inside = mount.outside(socket);
      await until(async () => (await greet(inside)) !== null, `a daemon answers at ${inside}`);
      const acknowledged = await writeAtBoth(socket, inside);
      expect(acknowledged.length).toBeGreaterThan(WRITERS * CHANGES);
      expect(await missing(dataDir, acknowledged)).toEqual([]);
      await oneIsLeft([first, second]);
    },
  );
});
