/** What a person sees of trainings that have ended, and takes back of them. */
import { readFile, writeFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { terminal } from '../../support/terminal.ts';
import { type Trainable, trainable } from '../../support/trainer.ts';
import { until } from '../../support/until.ts';

const COMMIT = '1a2b3c4d5e6f7a8b9c0d1a2b3c4d5e6f7a8b9c0d';

interface Given {
  readonly adapter?: string;
  readonly dirty?: boolean;
  readonly error?: string;
}

/** Trains the project as one program after the other would; gives their tokens. */
async function trained({ registry }: Trainable, ...trainings: readonly Given[]): Promise<number[]> {
  const tokens: number[] = [];
  for (const { adapter, dirty, error } of trainings) {
    const { token, project, output } = await registry.training.begin({
      project: 'payments',
      holder: { name: 'trainer.py', pid: 77 },
      ...(dirty !== undefined && { source: { commit: COMMIT, dirty } }),
    });
    const lease = { project: project.project_id, token };
    if (adapter !== undefined) await writeFile(output.lora_adapter_path, adapter);
    if (error === undefined) await registry.training.complete(lease);
    else await registry.training.fail({ ...lease, error });
    tokens.push(token);
  }
  return tokens;
}

/** Waits until the sizes of outputs are known, which are looked for when nobody waits. */
async function measured({ registry }: Trainable, count: number): Promise<void> {
  await until(async () => {
    const { trainings } = await registry.training.history({ project: 'payments' });
    return trainings.filter(({ bytes }) => bytes !== null && bytes > 0).length === count;
  }, 'all outputs are measured');
}

describe('gardener history', () => {
  test('is a table that says most where there is room, and what it can where there is not', async () => {
    const it = await trainable();
    const [first, second, third] = await trained(
      it,
      { adapter: 'x'.repeat(2_048), dirty: false },
      { adapter: 'x'.repeat(1_024), dirty: true },
      { error: 'exit code 3\nloading\nno such model' },
    );
    await measured(it, 2);
    const shown = async (columns: number) => {
      const { code, stdout } = await terminal({ home: it.cli.dataDir, columns }).run(['history', 'payments']);
      expect(code).toBe(0);
      // oxlint-disable-next-line no-control-regex -- colours
      const lines = stdout.replace(/\x1b\[[\d;]*m/g, '').split('\n');
      for (const line of lines) expect(line.length).toBeLessThanOrEqual(columns);
      return lines.map((line) => line.replace(/ {2,}/g, '  ')).slice(0, 4);
    };
    const time = /\d{4}-\d\d-\d\d \d\d:\d\d {2}/;
    const wide = await shown(200);
    expect(wide[1]).toMatch(time);
    expect(wide.map((line) => line.replace(time, ''))).toEqual([
      '  TOKEN  ENDED  OUTCOME  TOOK  SIZE  COMMIT  BY  WHY',
      `  ${third}  just now  failed  0 s  trainer.py  no such model (exit code 3)`,
      `* ${second}  just now  completed  0 s  1.0 KiB  1a2b3c4*  trainer.py`,
      `  ${first}  just now  completed  0 s  2.0 KiB  1a2b3c4  trainer.py`,
    ]);
    const [titles, failed, completed] = await shown(80);
    expect(titles).toBe('  TOKEN  ENDED  OUTCOME  TOOK  SIZE  COMMIT  WHY');
    expect(failed).toMatch(/ failed {2}0 s {2}no such model/);
    expect(completed).toBe(`* ${second}  just now  completed  0 s  1.0 KiB  1a2b3c4*`);
    expect(await shown(50)).toEqual([
      '  TOKEN  ENDED  OUTCOME',
      `  ${third}  just now  failed`,
      `* ${second}  just now  completed`,
      `  ${first}  just now  completed`,
    ]);
  });

  test('may be short, and is a document for programs', async () => {
    const it = await trainable();
    const [, second] = await trained(it, { adapter: 'a' }, { adapter: 'b', dirty: false });
    const { project_id: id } = await it.project();
    expect(await it.cli.json(['history', 'payments', '--limit', '1'])).toEqual({
      project_id: id,
      name: 'payments',
      trainings: [
        expect.objectContaining({
          token: second,
          status: 'completed',
          source: { commit: COMMIT, dirty: false },
          holder: { name: 'trainer.py', pid: 77 },
          in_service: true,
        }),
      ],
    });
  });

  test('of what was never trained says how to', async () => {
    const { cli } = await trainable();
    expect(await cli.run(['history', 'payments'])).toMatchObject({
      code: 0,
      stdout: '',
      stderr: 'no training of payments has ended yet; to train it: gardener train payments -- <command>\n',
    });
  });

  test.each(['0', '-1', 'x'])('takes no limit of %s', async (limit) => {
    const { cli } = await trainable();
    expect((await cli.run(['history', 'payments', `--limit=${limit}`])).code).toBe(2);
  });
});

describe('gardener rollback', () => {
  const inService = async ({ project }: Trainable): Promise<string> =>
    await readFile((await project()).lora_adapter_path ?? '', 'utf8');

  test('takes back what was in service before, and again what was before that', async () => {
    const it = await trainable();
    const [first, second, , fourth] = await trained(
      it,
      { adapter: 'one' },
      { adapter: 'two' },
      { error: 'no memory' },
      { adapter: 'four' },
    );
    await measured(it, 3);
    const { code, stdout } = await it.cli.run(['rollback', 'payments']);
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: `in service of payments now: training ${second} (just now, 3 B)\nbefore: training ${fourth} (just now, 4 B)\n`,
    });
    expect(await inService(it)).toBe('two');
    expect(await it.cli.json(['rollback', 'payments'])).toMatchObject({
      project: { name: 'payments', training_status: 'completed' },
      token: first,
      previous_token: second,
    });
    expect(await inService(it)).toBe('one');
    expect(await it.cli.run(['rollback', 'payments'])).toMatchObject({
      code: 1,
      stdout: '',
      stderr:
        'gardener: cannot roll payments back: nothing is kept of a training before what is in service\ntry: gardener history payments\n',
    });
    // Forward again.
    expect((await it.cli.run(['rollback', 'payments', String(fourth)])).code).toBe(0);
    expect(await inService(it)).toBe('four');
    expect((await it.cli.run(['rollback', 'payments', String(fourth)])).stdout).toBe(
      `in service of payments already: training ${fourth} (just now, 4 B)\n`,
    );
  });

  test('gets on to what differs, past trainings that left nothing', async () => {
    const it = await trainable();
    const [first, second] = await trained(it, { adapter: 'one' }, { adapter: 'two' }, {});
    expect((await it.cli.run(['history', 'payments'])).stdout).toMatch(new RegExp(`^\\* +${second} `, 'm'));
    expect(await it.cli.json(['rollback', 'payments'])).toMatchObject({
      token: first,
      previous_token: second,
    });
    expect(await inService(it)).toBe('one');
  });

  test('gets on past trainings that wrote to where the last did', async () => {
    const it = await trainable();
    const elsewhere = `${it.cli.home}/adapter`;
    await writeFile(elsewhere, 'elsewhere');
    const [first] = await trained(it, { adapter: 'one' });
    for (let round = 0; round < 2; round += 1) {
      const { token } = await it.registry.training.begin({ project: 'payments' });
      await it.registry.training.complete({ project: 'payments', token, lora_adapter_path: elsewhere });
    }
    expect(await it.cli.json(['rollback', 'payments'])).toMatchObject({ token: first });
    expect(await inService(it)).toBe('one');
  });

  test('means the project around the working directory', async () => {
    const it = await trainable();
    await trained(it, { adapter: 'one' }, { adapter: 'two' });
    const { code } = await it.cli.run(['rollback'], { cwd: `${it.cli.home}/src/payments` });
    expect(code).toBe(0);
    expect(await inService(it)).toBe('one');
  });

  test('says why a training cannot be taken back', async () => {
    const it = await trainable();
    const [, failed] = await trained(it, { adapter: 'one' }, { error: 'no memory' });
    const refusal = async (...words: string[]) => {
      const { code, stdout, stderr } = await it.cli.run(['rollback', ...words]);
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
      return stderr;
    };
    expect(await refusal('payments', '12')).toBe(
      'gardener: cannot roll payments back: no training in its history has the token 12\ntry: gardener history payments\n',
    );
    expect(await refusal('payments', String(failed))).toBe(
      `gardener: cannot roll payments back: ${failed} is of a training that ended as failed; only what completed can be promoted\ntry: gardener history payments\n`,
    );
    // A token alone is taken for a project.
    expect(await refusal(String(failed))).toContain(`try: gardener rollback <project> ${failed}\n`);
    expect((await it.cli.run(['rollback', 'payments', 'yesterday'])).code).toBe(2);
  });

  test('has its tokens completed', async () => {
    const it = await trainable();
    const [first] = await trained(it, { adapter: 'one' }, { error: 'no memory' }, { adapter: 'two' });
    const offered = async () => (await it.cli.run(['__complete', 'rollback', 'payments', ''])).stdout;
    // A machine under load may not answer in time, and then nothing is offered.
    const found = await until(offered, 'something is offered');
    expect(found).toMatch(new RegExp(`^${first}\\t\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d\\n$`));
  });
});

test('gardener show tells which training is in service, and what all have left', async () => {
  const it = await trainable();
  const [, second] = await trained(it, { adapter: 'one' }, { adapter: 'four', dirty: true });
  await measured(it, 2);
  const { stdout } = await it.cli.run(['show', 'payments']);
  expect(stdout).toMatch(
    new RegExp(` in service +training ${second} \\(just now, 4 B, from 1a2b3c4\\*\\)\\n`),
  );
  expect(stdout).toMatch(/ outputs +of 2 trainings, 7 B\n/);
});
