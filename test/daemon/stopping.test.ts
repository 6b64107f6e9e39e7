/** What is on its way while a daemon ends. */
import { rm } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { greet, startGardenerd } from '../faults/support/gardenerd.ts';
import { startDaemon } from '../support/daemon.ts';
import type { Answer } from '../support/lines.ts';
import { until } from '../support/until.ts';
import { request } from '../support/world.ts';

test('what was read before is done and answered', async () => {
  const { daemon, connect, codebase } = await startDaemon();
  const peer = await connect();
  const source_path = await codebase('x');
  const count = 20;
  peer.send(
    ...Array.from({ length: count }, (_, id) =>
      request(id, 'projects.register', { name: `p${id}`, source_path }),
    ),
  );
  // The first answer shows that the daemon has read them: they came in one piece.
  const first = await peer.line();
  await daemon.stop('test');
  await until(() => peer.waiting.length >= count - 1, 'every answer has come');
  for (const line of [first, ...peer.waiting]) expect((JSON.parse(line) as Answer).error).toBeUndefined();
});

test('whoever comes then is not kept waiting', async () => {
  const { daemon, connect } = await startDaemon();
  const peer = await connect();
  const stopped = daemon.stop('test');
  const outcome = await connect().then(
    async (newcomer) => {
      newcomer.socket.end();
      await newcomer.closed;
      return newcomer.waiting;
    },
    (error: NodeJS.ErrnoException) => error.code,
  );
  expect([[], 'ENOENT', 'ECONNREFUSED', 'ECONNRESET']).toContainEqual(outcome);
  peer.socket.destroy();
  await stopped;
});

test('a daemon whose whole run directory went away makes room for the next one', async () => {
  const daemon = await startGardenerd();
  await rm(daemon.paths.runDir, { recursive: true });
  const next = await startGardenerd({ dataDir: daemon.paths.dataDir });
  expect(await daemon.ended).toEqual({ code: 0, signal: null });
  expect(await greet(next.paths.socket)).toBe(next.pid);
});
