/** Where the system lets the daemon open few files, connections must not use them up: changes need some. */
import { expect, test } from 'vitest';
import { codebase, startGardenerd } from '../faults/support/gardenerd.ts';
import type { LineClient } from '../support/lines.ts';
import { until } from '../support/until.ts';

// 256 is what launchd gives where nothing else is said.
test.each([96, 256, 1_024])('with %i files, idle connections leave enough for changes', async (maxFiles) => {
  const daemon = await startGardenerd({ maxFiles });
  const writer = await daemon.connect();
  const source_path = await codebase(daemon.paths.dataDir);
  const idle: LineClient[] = [];
  // Each is either served or told why not.
  const refused = (): LineClient[] => idle.filter(({ waiting }) => waiting.length > 0);
  while (idle.length < maxFiles + 50) {
    idle.push(...(await Promise.all(Array.from({ length: 50 }, () => daemon.connect()))));
    // The system keeps few that nobody has taken yet, and refuses more.
    await until(async () => {
      const { connections } = await writer.call('daemon.status');
      return Number(connections) + refused().length === idle.length + 1;
    }, 'every connection is one or the other');
  }
  const served = idle.length - refused().length;
  expect(served).toBeGreaterThanOrEqual(Math.max(12, maxFiles / 2 - 32));
  for (const peer of refused()) {
    const { error } = await peer.next();
    expect(error).toMatchObject({ code: 1015, data: { kind: 'too_many_connections' } });
    expect(error?.message).toContain('ulimit -n');
    await peer.closed;
  }
  for (let n = 0; n < 5; n += 1) {
    await writer.call('projects.register', { name: `p${n}`, source_path });
    await writer.call('registry.reload');
    await writer.call('registry.backups');
    await writer.call('registry.validate');
  }
  // Also while others try to come in.
  const more = Array.from({ length: 50 }, () => daemon.connect());
  await writer.call('projects.touch', { project: 'p0' });
  await Promise.all(more);
  expect(await daemon.descriptors()).toBeLessThan(maxFiles);
});
