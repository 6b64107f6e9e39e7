import { expect, test } from 'vitest';
import { MAX_SLOT } from '../../../src/domain/limits.ts';
import { blankTraining, type Project, type Training } from '../../../src/domain/project.ts';
import { slotFault, takeSharedSlots } from '../../../src/domain/training/slots.ts';
import { NOW, project } from '../../support/projects.ts';

test.each(['gpu0', 'GPU 0', 'cuda:0', 'nvidia-a100.1', '...', 'größe', 'a,b', '😀', 'x'.repeat(MAX_SLOT)])(
  '%j may be called a slot',
  (name) => {
    expect(slotFault(name)).toBeNull();
  },
);

test.each<[name: string, why: string]>([
  ['', 'is empty'],
  ['x'.repeat(MAX_SLOT + 1), `${MAX_SLOT + 1} characters and ${MAX_SLOT} are allowed`],
  ['/dev/nvidia0', 'looks like a path'],
  ['a\\b', 'looks like a path'],
  ['.', 'looks like a path'],
  ['..', 'looks like a path'],
  ['gpu\n0', 'control character'],
  ['gpu\u0000', 'control character'],
  ['gpu\u009b0', 'control character'],
  [' gpu0', 'white space'],
  ['gpu0\u00a0', 'white space'],
])('%j may not', (name, why) => {
  expect(slotFault(name)).toContain(why);
});

/** A project that is trained in a slot since so many seconds after noon. */
function trained(
  number: number,
  slot: string | undefined,
  second: number,
  fields: Partial<Training> = {},
): Project {
  const started_at = `2026-03-01T12:00:0${second}.000Z`;
  const training = { ...blankTraining(), token: number, holder: { name: 'lora' }, started_at, ...fields };
  return project(number, {
    training_status: 'training',
    training: slot === undefined ? training : { ...training, slot },
  });
}

test.each<[what: string, projects: Project[], losers: number[]]>([
  ['one each', [trained(1, 'gpu0', 1), trained(2, 'gpu1', 2), trained(3, undefined, 3)], []],
  ['one for two', [trained(1, 'gpu0', 1), trained(2, 'gpu0', 2)], [2]],
  ['one for two, the later one first in the file', [trained(1, 'gpu0', 2), trained(2, 'gpu0', 1)], [1]],
  ['one for two that began at once', [trained(2, 'gpu0', 1), trained(1, 'gpu0', 1)], [1]],
  [
    'one for two, of one nobody knows when',
    [trained(2, 'gpu0', 0, { started_at: null }), trained(1, 'gpu0', 1)],
    [2],
  ],
  ['two for four', [trained(1, 'b', 4), trained(2, 'a', 3), trained(3, 'b', 2), trained(4, 'a', 1)], [2, 1]],
  ['a slot is called as it is written', [trained(1, 'gpu0', 1), trained(2, 'GPU0', 2)], []],
  ['none for a training that is over', [trained(1, 'gpu0', 1, { holder: null }), trained(2, 'gpu0', 2)], []],
  ['none for what is not trained', [project(1), trained(2, 'gpu0', 2)], []],
])('slots in a file: %s', (_what, projects, losers) => {
  const steps = takeSharedSlots(projects);
  expect(steps.map(({ after }) => after.training?.token)).toEqual(losers);
  for (const { after } of steps) {
    const before = projects.find((other) => other.project_id === after.project_id) as Project;
    const { slot: _slot, ...training } = before.training as Training;
    expect(after).toEqual({ ...before, training });
    expect(after.training).not.toHaveProperty('slot');
  }
});

test('a file that nobody has edited is left as it is', () => {
  expect(takeSharedSlots([])).toEqual([]);
  expect(takeSharedSlots([project(1, { created_at: NOW })])).toEqual([]);
});
