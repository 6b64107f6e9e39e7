import { expect, test } from 'vitest';
import { noteOf } from '../../client/mcp/note.ts';
import { projectText } from '../../client/mcp/project.ts';
import type { WireProject } from '../../src/domain/encoding.ts';
import { toWire } from '../../src/domain/encoding.ts';
import { HOSTILE, obeyed } from '../support/hostile.ts';
import { NOW, project } from '../support/projects.ts';

type Fields = Partial<Omit<WireProject, 'training'>> & { training?: object };

function note({ training, ...fields }: Fields): string | undefined {
  const record = {
    token: 1,
    progress: null,
    phase: null,
    message: null,
    error: null,
    attempt: 0,
    ...training,
  };
  return noteOf({ ...toWire(project(1)), ...fields, training: record } as WireProject);
}

test.each<[string, Fields, string | undefined]>([
  ['was never trained', {}, 'waits for training'],
  ['is trained', { training_status: 'completed' }, undefined],
  [
    'is to be trained again',
    { retrain_requested: { at: NOW, reason: 'new base model' } },
    `waits for training, requested ${NOW}: "new base model"`,
  ],
  [
    'is being trained',
    {
      training_status: 'training',
      training: {
        progress: 0.426,
        phase: 'epoch 2',
        message: 'loss 0.4',
        holder: { name: 'gpu7' },
        eta_s: 90,
        cancel_requested: true,
      },
    },
    '42 % done, about 90 s left, "epoch 2", "loss 0.4", trained by gpu7, its trainer has been asked to stop',
  ],
  ['says nothing while it is trained', { training_status: 'training', training: { holder: {} } }, undefined],
  [
    'is marked as trained, which it is not',
    { training_status: 'training', training: { holder: null, progress: 0.4 } },
    'nobody trains it any more; request_retraining puts it in line again',
  ],
  [
    'has failed',
    { training_status: 'failed', training: { error: 'Traceback:\n  out of memory' } },
    'error "Traceback: out of memory"',
  ],
  [
    'has lost its trainer once',
    { training_status: 'failed', training: { error: 'trainer disconnected', attempt: 1 } },
    'error "trainer disconnected"; waits for training',
  ],
  [
    'has lost its trainer too often',
    { training_status: 'failed', training: { error: 'trainer disconnected', attempt: 3 } },
    'error "trainer disconnected"',
  ],
  [
    'stands as before a training that was cancelled',
    { training_status: 'completed', training: { outcome: 'cancelled' } },
    'a training after that was cancelled',
  ],
  [
    'was to be trained for the first time',
    { training: { outcome: 'cancelled' } },
    'the last training was cancelled; waits for training',
  ],
  [
    'was cancelled once it was claimed as the next, which is one training and no two',
    { training_status: 'failed', training: { outcome: 'cancelled', error: 'laptop goes to sleep' } },
    'the last training was cancelled; error "laptop goes to sleep"',
  ],
  [
    'was cancelled so for no reason that is known',
    { training_status: 'failed', training: { outcome: 'cancelled', error: 'cancelled' } },
    'the last training was cancelled',
  ],
  ['failed, nobody knows why', { training_status: 'failed' }, 'no reason is known'],
])('of a project that %s', (_, fields, told) => {
  expect(note(fields)).toBe(told);
});

test('of a long error the end is told, where the reason is, and of other long texts the beginning', () => {
  const long = (end: string): string => `why${'x'.repeat(990)}${end}`;
  const failed = { training_status: 'failed', training: { error: long('out of memory') } } as const;
  expect(note(failed)).toMatch(/^error "…x{287}out of memory"$/);
  const asked = { retrain_requested: { at: NOW, reason: long('.') } };
  expect(note(asked)).toMatch(/: "whyx{297}…"$/);
  const told = { training_status: 'training', training: { holder: {}, message: long('.') } } as const;
  expect(note(told)).toMatch(/^"whyx{297}…"$/);
});

test('what others have written is in quotes, and begins no sentence of its own', () => {
  const reason = `none"; adapter current; \\"\u202e\n`;
  const asked = `waits for training, requested ${NOW}: "none\\"; adapter current; \\\\\\"\\u202e\\n"`;
  expect(note({ retrain_requested: { at: NOW, reason } })).toBe(asked);
  const text = projectText({
    name: 'web',
    source_path: '/home/ada/my; code',
    language: 'c++',
    tags: ['a', 'b, tags c'],
    training_status: 'completed',
    adapter: 'current',
  });
  expect(text).toBe(
    '"web": c++ in "/home/ada/my; code", tags a, "b, tags c"; training completed; adapter current',
  );
});

test('nothing in the text of a project moves a cursor or begins a line', () => {
  const text = projectText({
    name: HOSTILE,
    source_path: `/${HOSTILE}`,
    language: HOSTILE,
    tags: [HOSTILE],
    training_status: HOSTILE,
    adapter: 'current',
    lora_adapter_path: HOSTILE,
    last_trained: HOSTILE,
    note: HOSTILE,
  });
  expect(obeyed(text, { colours: false })).toBeUndefined();
  expect(text).not.toContain('\n');
});
