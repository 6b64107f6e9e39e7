/** Whatever is done to trainings: what the registry points to exists, and is what was put there. */
import { readFile, writeFile } from 'node:fs/promises';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Output } from '../../src/domain/training/output.ts';
import { get, type World, world } from '../support/world.ts';

type Command =
  | { readonly do: 'complete' | 'fail' | 'release' | 'force'; readonly writes: boolean }
  | { readonly do: 'promote'; readonly which: number }
  | { readonly do: 'prune'; readonly older: boolean }
  | { readonly do: 'share' }
  | { readonly do: 'restart' }
  | { readonly do: 'remove' };

const command: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constantFrom('complete', 'complete', 'fail', 'release', 'force'),
      writes: fc.boolean(),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('promote'), which: fc.nat(9) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('prune'), older: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('share', 'restart', 'remove') }) },
);

/** What each adapter was when it was put there, by path. */
class Model {
  here: World;
  readonly contents = new Map<string, string>();
  /** What is to be in service, of either project. */
  readonly serving = new Map<string, string | null>();

  constructor(here: World) {
    this.here = here;
  }

  async run(step: Command): Promise<void> {
    const { writer } = this.here;
    if (step.do === 'promote') await this.#promote(step.which);
    else if (step.do === 'prune') await writer.call('training.prune', step.older ? { older_ms: 0 } : {});
    else if (step.do === 'share') {
      const { lora_adapter_path: path } = await get(writer, 'a');
      await writer.call('projects.update', { project: 'b', lora_adapter_path: path });
      this.serving.set('b', this.serving.get('a') ?? null);
    } else if (step.do === 'restart') this.here = await this.here.restart();
    else if (step.do === 'remove') {
      await writer.call('projects.remove', { project: 'a', force: true });
      await this.here.add('a');
      this.serving.set('a', null);
      // What lay in the directory of another went with that.
      this.serving.set('b', null);
    } else await this.#train(step.do, step.writes);
  }

  async #train(how: 'complete' | 'fail' | 'release' | 'force', writes: boolean): Promise<void> {
    const { writer } = this.here;
    const begin = async (more: object = {}) =>
      (await writer.call('training.begin', { project: 'a', ...more })) as unknown as {
        token: number;
        output: Output;
      };
    const { token, output } = await begin();
    const content = `made by ${token}`;
    if (writes) await writeFile(output.lora_adapter_path, content);
    if (how === 'force') {
      const again = await begin({ force: true });
      await writer.call('training.release', { project: 'a', token: again.token });
      return;
    }
    const error = how === 'fail' ? { error: 'x' } : {};
    await writer.call(`training.${how}`, { project: 'a', token, ...error });
    if (how !== 'complete' || !writes) return;
    this.contents.set(output.lora_adapter_path, content);
    this.serving.set('a', content);
  }

  /** One that may be gone, or may never have completed: then nothing changes. */
  async #promote(which: number): Promise<void> {
    const { writer } = this.here;
    const { trainings } = await writer.call('training.history', { project: 'a' });
    const chosen = (trainings as unknown as { token: number; bytes: number | null }[])[which];
    if (!chosen) return;
    const answer = await writer.ask('training.promote', { project: 'a', token: chosen.token });
    if (answer.error && answer.error.code !== -32602) throw new Error(answer.error.message);
    if (!answer.error) {
      const path = String((answer.result as Record<string, unknown>)['lora_adapter_path']);
      this.serving.set('a', this.contents.get(path) ?? null);
    }
  }

  /** What either project has in service, and is to have, as far as that was put there; and how often some training is it. */
  async found(): Promise<{ found: unknown[]; wanted: unknown[]; times: number }> {
    const { writer } = this.here;
    const [found, wanted]: [unknown[], unknown[]] = [[], []];
    for (const [name, content] of this.serving) {
      if (content === null) continue;
      const { lora_adapter_path: path } = await get(writer, name);
      found.push([name, await readFile(String(path), 'utf8').catch(String)]);
      wanted.push([name, content]);
    }
    const { trainings } = await writer.call('training.history', { project: 'a' });
    const times = (trainings as unknown as { in_service: boolean }[]).filter((one) => one.in_service).length;
    return { found, wanted, times };
  }
}

test('what the registry points to is there, and is what was put there', { timeout: 240_000 }, async () => {
  const sequences = fc.array(command, { minLength: 8, maxLength: 24 });
  const run = async (steps: readonly Command[]): Promise<void> => {
    const model = new Model(await world(['a', 'b']));
    for (const step of steps) {
      await model.run(step);
      const { found, wanted, times } = await model.found();
      expect(found).toEqual(wanted);
      expect(times).toBeLessThanOrEqual(1);
    }
  };
  await fc.assert(fc.asyncProperty(sequences, run), { numRuns: 12 });
});
