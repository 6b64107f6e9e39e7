/** Outputs that are not needed any more go to the trash; nothing that anybody points to does. */
import { mkdir, readdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Output } from '../../src/domain/training/output.ts';
import { get, type World, world } from '../support/world.ts';

interface Lease {
  readonly token: number;
  readonly output: Output;
}

async function begin({ writer }: World, project = 'a'): Promise<Lease> {
  return (await writer.call('training.begin', { project })) as unknown as Lease;
}

/** Trains, leaves an adapter and a log, and ends so; gives the output. */
async function train(here: World, end = 'complete', more: object = {}): Promise<Lease> {
  const lease = await begin(here);
  await writeFile(lease.output.lora_adapter_path, `adapter of ${lease.token}`);
  await writeFile(join(lease.output.directory, 'trainer.log'), `log of ${lease.token}`);
  await here.writer.call(`training.${end}`, { project: 'a', token: lease.token, ...more });
  return lease;
}

async function completed(here: World, count: number): Promise<Lease[]> {
  const done: Lease[] = [];
  while (done.length < count) done.push(await train(here));
  return done;
}

const fail = (here: World) => train(here, 'fail', { error: 'x' });

/** What there is of outputs, with what is in each. */
async function outputs(place: string): Promise<Record<string, string[]>> {
  const names = (await readdir(place)).filter((name) => !name.startsWith('history'));
  return Object.fromEntries(
    await Promise.all(
      names.map(async (name) => [name, (await readdir(join(place, name))).toSorted()] as const),
    ),
  );
}

const WHOLE = ['lora_adapter.bin', 'trainer.log'];
const LOG = ['trainer.log'];
const placeOf = ({ output }: Lease): string => dirname(output.directory);

/** Waits until there is just this of each output. */
async function expectOutputs(
  leases: readonly Lease[],
  contents: readonly (string[] | null)[],
): Promise<void> {
  const wanted = leases.flatMap(({ token }, at) => (contents[at] ? [[String(token), contents[at]]] : []));
  const place = placeOf(leases[0] as Lease);
  await expect.poll(() => outputs(place)).toEqual(Object.fromEntries(wanted) as object);
}

async function adapterOf({ writer }: World, project = 'a'): Promise<string> {
  return await readFile(String((await get(writer, project))['lora_adapter_path']), 'utf8');
}

const bytesOf = async ({ writer }: World): Promise<unknown[]> => {
  const { trainings } = await writer.call('training.history', { project: 'a' });
  return (trainings as unknown as { bytes: number | null }[]).map(({ bytes }) => bytes);
};

describe('when a training has ended', () => {
  test('the last three outputs of those that completed stay, and the logs of the last five', async () => {
    const here = await world(['a']);
    const leases = await completed(here, 7);
    await expectOutputs(leases, [null, null, LOG, LOG, WHOLE, WHOLE, WHOLE]);
    const size = `adapter of ${leases[0]?.token}`.length;
    await expect.poll(() => bytesOf(here)).toEqual([size, size, size, 0, 0, 0, 0]);
    const trash = await readdir(here.paths.trashDir, { recursive: true });
    expect(trash.filter((name) => name.endsWith('lora_adapter.bin'))).toHaveLength(4);
  });

  test('of those that did not complete the last stays', async () => {
    const here = await world(['a']);
    const leases = [await train(here), await fail(here), await fail(here), await train(here, 'release')];
    await expectOutputs(leases, [WHOLE, LOG, LOG, WHOLE]);
  });

  test('an output with nothing in it is removed, and is in no trash', async () => {
    const here = await world(['a']);
    const { token, output } = await begin(here);
    await here.writer.call('training.release', { project: 'a', token });
    await expect.poll(() => outputs(dirname(output.directory))).toEqual({});
    await expect.poll(() => bytesOf(here)).toEqual([0]);
    expect(await readdir(here.paths.trashDir).catch(() => [])).toEqual([]);
  });

  test('what was made elsewhere is not called gone with an output', async () => {
    const here = await world(['a']);
    const { lora_adapter_path: own } = await get(here.writer, 'a');
    await writeFile(String(own), 'in place');
    const empty = await begin(here);
    await here.writer.call('training.complete', { project: 'a', token: empty.token });
    const leases = [empty];
    const elsewhere = `${await here.codebase('elsewhere')}/adapter`;
    while (leases.length < 6) leases.push(await train(here, 'complete', { lora_adapter_path: elsewhere }));
    await here.writer.call('training.prune', { older_ms: 0 });
    await expectOutputs(leases, [null, LOG, LOG, LOG, LOG, LOG]);
    expect(await bytesOf(here)).toEqual([null, null, null, null, null, null]);
  });

  test('names that are of no training are left alone', async () => {
    const here = await world(['a']);
    const [first] = await completed(here, 1);
    const place = placeOf(first as Lease);
    for (const name of ['mine', '007', '12x']) await mkdir(join(place, name));
    const leases = [first as Lease, ...(await completed(here, 3))];
    await expect.poll(() => outputs(place)).toMatchObject({ [String(leases[0]?.token)]: LOG });
    expect(await outputs(place)).toMatchObject({ mine: [], '007': [], '12x': [] });
  });

  test('what was taken back into service stays', async () => {
    const here = await world(['a']);
    const leases = await completed(here, 3);
    await here.writer.call('training.promote', { project: 'a', token: leases[0]?.token });
    leases.push(await fail(here), await fail(here));
    await here.writer.call('training.promote', { project: 'a', token: leases[1]?.token });
    leases.push(...(await completed(here, 1)));
    await here.writer.call('training.promote', { project: 'a', token: leases[1]?.token });
    leases.push(...(await completed(here, 2)));
    await here.writer.call('training.promote', { project: 'a', token: leases[5]?.token });
    await expectOutputs(leases, [null, null, null, LOG, WHOLE, WHOLE, WHOLE, WHOLE]);
    expect(await adapterOf(here)).toBe(`adapter of ${leases[5]?.token}`);
  });

  test('what an output that stays was in service together with stays, too', async () => {
    const here = await world(['a']);
    const first = await begin(here);
    await writeFile(first.output.lora_adapter_path, 'x');
    await writeFile(first.output.vector_store_path, 'vectors');
    await here.writer.call('training.complete', { project: 'a', token: first.token });
    const rest = await completed(here, 4);
    await here.writer.call('projects.update', { project: 'a', vector_store_path: null });
    const leases = [first, ...rest, await train(here)];
    await expectOutputs(leases, [['lora_adapter.bin', 'vector_store'], LOG, LOG, WHOLE, WHOLE, WHOLE]);
    await here.writer.call('training.promote', { project: 'a', token: leases[3]?.token });
    expect(await readFile(String((await get(here.writer, 'a'))['vector_store_path']), 'utf8')).toBe(
      'vectors',
    );
  });

  test('a trainer that made a link of its output loses the link, and nothing behind it', async () => {
    const here = await world(['a']);
    const lease = await begin(here);
    const elsewhere = await here.codebase('elsewhere');
    await writeFile(join(elsewhere, 'trainer.log'), 'mine');
    await rm(lease.output.directory, { recursive: true });
    await symlink(elsewhere, lease.output.directory);
    await here.writer.call('training.fail', { project: 'a', token: lease.token, error: 'x' });
    const last = await fail(here);
    await expect.poll(() => readdir(placeOf(last))).not.toContain(String(lease.token));
    expect(await readdir(elsewhere)).toEqual(['trainer.log']);
  });

  test('what a killed daemon began is finished: a log has the place of its output', async () => {
    const here = await world(['a']);
    const leases = [await fail(here), await fail(here)];
    await expectOutputs(leases, [LOG, WHOLE]);
    const [first, second] = leases.map(({ output }) => output.directory);
    await rename(String(first), `${first}.kept`);
    await mkdir(`${second}.kept`);
    await rename(join(String(second), 'trainer.log'), `${second}.kept/trainer.log`);
    leases.push(await train(here));
    await expectOutputs(leases, [LOG, WHOLE, WHOLE]);
  });
});

describe('an output that is pointed to stays', () => {
  /** What another project, or this one, has as its adapter. */
  const SPELLINGS: Record<string, (here: World, output: Output) => Promise<string>> = {
    'as it is': (_here, { lora_adapter_path }) => Promise.resolve(lora_adapter_path),
    'by what it is in': (_here, { directory }) => Promise.resolve(dirname(directory)),
    'from behind a link to the data': async (here, { lora_adapter_path }) => {
      const link = `${await here.codebase('links')}/data`;
      await symlink(here.paths.dataDir, link);
      return lora_adapter_path.replace(here.paths.dataDir, link);
    },
    'by a link elsewhere': async (here, { directory }) => {
      const link = `${await here.codebase('links')}/adapter`;
      await symlink(directory, link);
      return link;
    },
  };

  test.each(Object.keys(SPELLINGS))('%s', async (spelling) => {
    const here = await world(['a', 'b']);
    const leases = await completed(here, 1);
    const path = await SPELLINGS[spelling]?.(here, (leases[0] as Lease).output);
    await here.writer.call('projects.update', { project: 'b', lora_adapter_path: path });
    leases.push(...(await completed(here, 5)));
    const rest = spelling === 'by what it is in' ? [WHOLE, WHOLE] : [LOG, LOG];
    await expectOutputs(leases, [WHOLE, ...rest, WHOLE, WHOLE, WHOLE]);
    await here.writer.call('projects.update', { project: 'b', lora_adapter_path: null });
    await here.writer.call('training.prune');
    await expectOutputs(leases, [null, LOG, LOG, WHOLE, WHOLE, WHOLE]);
  });

  test('by a link in the own directory of its project', async () => {
    const here = await world(['a']);
    const leases = await completed(here, 1);
    const { directory } = (leases[0] as Lease).output;
    const link = join(directory, '..', '..', 'lora_adapter.bin');
    await symlink(join(directory, 'lora_adapter.bin'), link);
    for (let round = 0; round < 4; round += 1) {
      leases.push(await train(here, 'complete', { lora_adapter_path: link }));
    }
    leases.push(await fail(here));
    await here.writer.call('training.prune', { older_ms: 0 });
    await expectOutputs(leases, [WHOLE, LOG, LOG, LOG, LOG, LOG]);
  });
});

describe('training.prune', () => {
  test('tells what would go, and takes it away', async () => {
    const here = await world(['a', 'b']);
    const leases = await completed(here, 3);
    const lease = await begin(here);
    await writeFile(lease.output.lora_adapter_path, 'half');
    const tokens = leases.map(({ token }) => token);
    const each = `adapter of ${tokens[0]}`.length;
    const { project_id } = await get(here.writer, 'a');
    expect(await here.writer.call('training.prune', { project: 'a' })).toEqual({ pruned: [], bytes: 0 });
    const pruned = {
      pruned: [{ project_id, name: 'a', tokens: [tokens[1], tokens[0]], bytes: 2 * each }],
      bytes: 2 * each,
    };
    const older = { older_ms: 0 };
    expect(await here.writer.call('training.prune', { ...older, dry_run: true })).toEqual(pruned);
    await expectOutputs([...leases, lease], [WHOLE, WHOLE, WHOLE, ['lora_adapter.bin']]);
    expect(await here.writer.call('training.prune', { older_ms: 3_600_000 })).toEqual({
      pruned: [],
      bytes: 0,
    });
    expect(await here.writer.call('training.prune', older)).toEqual(pruned);
    await expectOutputs([...leases, lease], [LOG, LOG, WHOLE, ['lora_adapter.bin']]);
    expect(await bytesOf(here)).toEqual([each, 0, 0]);
    const refusal = await here.writer.refusal('training.promote', { project: 'a', token: tokens[0] });
    expect(JSON.stringify(refusal.data)).toContain('is gone');
  });
});
