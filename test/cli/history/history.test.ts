/** What a person sees of trainings that have ended, and takes back of them. */
import { readFile, writeFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
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

describe('gardener history', () => {
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
