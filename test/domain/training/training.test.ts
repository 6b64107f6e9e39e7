import { describe, expect, test } from 'vitest';
import { completeProject } from '../../../src/domain/complete-project.ts';
import { InvalidParamsError } from '../../../src/domain/errors.ts';
import { blankTraining, MAX_TOKEN, type Project } from '../../../src/domain/project.ts';
import { Draft } from '../../../src/domain/draft.ts';
import { Registry } from '../../../src/domain/registry.ts';
import { DISCONNECTED, STALLED, isLeaseRecorded, nextToken } from '../../../src/domain/training/record.ts';
import * as training from '../../../src/domain/training/training.ts';
import { allWaiting, nextWaiting } from '../../../src/domain/training/waiting.ts';

const T0 = '2026-01-05T10:00:00.000Z';
const T1 = '2026-01-05T10:00:01.000Z';
const T2 = '2026-01-05T10:00:02.000Z';

/** A project that is nothing special but for what is given. */
function project(name: string, fields: Partial<Project> = {}): Project {
  const id = `00000000-0000-4000-8000-${Buffer.from(name).toString('hex').padEnd(12, '0')}`;
  const stored = { name, source_path: `/src/${name}`, created_at: T0, last_updated: T0 };
  return { ...completeProject(stored, id, T0), ...fields };
}

function draftOf(...projects: Project[]): Draft {
  return new Draft(new Registry(projects));
}

/** A project that somebody trains, as the draft has it after the lease began. */
function begun(before: Project, token = 1): { draft: Draft; held: Project } {
  const draft = draftOf(before);
  return { draft, held: training.begin(draft, before, token, { name: 'trainer', pid: 7 }, T1) };
}

/** A project whose trainer vanished so many times running. */
function lost(name: string, times: number, fields: Partial<Project> = {}): Project {
  let current = project(name);
  for (let token = 1; token <= times; token += 1) {
    const { draft, held } = begun(current, token);
    current = training.fail(draft, held, {}, DISCONNECTED, T2);
  }
  return { ...current, ...fields };
}

describe('the token of a new lease', () => {
  const clock = Date.parse(T0);

  test.each<[known: number[], token: number]>([
    [[], clock],
    [[0, 7], clock],
    [[clock], clock + 1],
    [[7, clock + 5], clock + 6],
    [[MAX_TOKEN - 1, 7], MAX_TOKEN],
    [[MAX_TOKEN], clock],
    [[MAX_TOKEN, clock + 5], clock + 6],
  ])('after %j is %d', (known, token) => {
    expect(nextToken(T0, ...known)).toBe(token);
  });

  test('is one also by a clock before 1970', () => {
    expect(nextToken('0001-01-01T00:00:00.000Z', 0)).toBe(1);
  });
});

describe('beginning', () => {
  test('writes down who trains, since when, and with which token', () => {
    const { draft, held } = begun(project('a'), 5);
    expect(held).toMatchObject({
      training_status: 'training',
      last_updated: T1,
      training: {
        token: 5,
        phase: null,
        progress: null,
        message: null,
        details: null,
        started_at: T1,
        updated_at: T1,
        holder: { name: 'trainer', pid: 7 },
        cancel_requested: false,
        error: null,
        attempt: 1,
      },
    });
    expect(draft.get(held.project_id)).toBe(held);
    expect(isLeaseRecorded(held)).toBe(true);
  });

  test('clears a request to train', () => {
    const wanted = project('a', { retrain_requested: { at: T0, reason: 'new base model' } });
    expect(begun(wanted).held.retrain_requested).toBeNull();
  });

  test('leaves nothing of the training before', () => {
    const { draft, held } = begun(project('a'));
    const live = { phase: 'epoch 3', progress: 0.9, message: 'nearly', details: { loss: 1 } };
    const failed = training.fail(draft, held, live, 'out of memory', T2);
    expect(begun(failed, 2).held.training).toMatchObject({
      phase: null,
      progress: null,
      message: null,
      details: null,
      error: null,
      attempt: 1,
    });
  });

  test('without a name or a process id the holder has none', () => {
    const draft = draftOf(project('a'));
    const held = training.begin(draft, project('a'), 1, { name: undefined }, T1);
    expect(held.training?.holder).toEqual({});
    expect(isLeaseRecorded(held)).toBe(true);
  });

  test('writes down how long the trainer may be silent, for whoever it resumes with', () => {
    const held = training.begin(draftOf(project('a')), project('a'), 1, {}, T1, { stall_ms: 5_000 });
    expect(held.training?.stall_ms).toBe(5_000);
  });

  test('begins the count of losses anew where somebody has asked for it since', () => {
    const asked = lost('a', 3, {
      training_status: 'not_started',
      retrain_requested: { at: T2, reason: null },
    });
    expect(begun(asked, 4).held.training?.attempt).toBe(1);
  });
});

describe('a status of training', () => {
  test('that no lease stands behind is no recorded lease', () => {
    expect(isLeaseRecorded(project('a', { training_status: 'training' }))).toBe(false);
    const { draft, held } = begun(project('a'));
    const done = training.complete(draft, held.project_id, {}, {}, T2);
    expect(isLeaseRecorded({ ...done, training_status: 'training' })).toBe(false);
  });

  test('that stood there before a lease is what releasing puts back', () => {
    const { draft, held } = begun(project('a', { training_status: 'training' }));
    const released = training.release(draft, held, T2);
    expect(released.training_status).toBe('training');
    expect(isLeaseRecorded(released)).toBe(false);
  });
});

describe('ending', () => {
  test('well takes over the results and what was last reported', () => {
    const { draft, held } = begun(project('a', { metadata: { keep: 1, drop: 2 } }));
    const results = {
      file_count: 12,
      lora_adapter_path: '/models/a.bin',
      metadata: { drop: null, loss: 0.1 },
    };
    const done = training.complete(draft, held.project_id, { phase: 'saving', progress: 0.99 }, results, T2);
    expect(done).toMatchObject({
      training_status: 'completed',
      last_trained: T2,
      last_updated: T2,
      file_count: 12,
      lora_adapter_path: '/models/a.bin',
      training: { token: 1, phase: 'saving', progress: 1, holder: null, error: null, attempt: 0 },
    });
    expect(done.metadata).toEqual({ keep: 1, loss: 0.1 });
  });

  test('in failure keeps the words of the trainer', () => {
    const { draft, held } = begun(project('a'));
    const failed = training.fail(draft, held, { progress: 0.5 }, 'out of memory', T2);
    expect(failed).toMatchObject({
      training_status: 'failed',
      last_trained: null,
      training: { token: 1, progress: 0.5, holder: null, error: 'out of memory', attempt: 1 },
    });
  });

  test('by release puts status and request back, and shows no progress', () => {
    const request = { at: T0, reason: 'new base model' };
    const { draft, held: fresh } = begun(
      project('a', { training_status: 'not_started', retrain_requested: request }),
    );
    const live = { phase: 'indexing', progress: 0.2, message: 'file 3', details: { files: 9 } };
    const held = training.notePhase(draft, fresh.project_id, live, T1) ?? fresh;
    expect(held.training).toMatchObject(live);
    const released = training.release(draft, held, T2);
    expect(released).toMatchObject({
      training_status: 'not_started',
      retrain_requested: request,
      training: {
        token: 1,
        phase: null,
        progress: null,
        message: null,
        details: null,
        holder: null,
        error: null,
        attempt: 0,
      },
    });
  });

  test('by release of a project whose record does not say how it stood has it never trained', () => {
    const { draft, held } = begun(project('a', { training_status: 'completed' }));
    const { before: _forgotten, ...record } = held.training ?? blankTraining();
    for (const unsaid of [
      { ...held, training: record },
      { ...held, training: null },
    ]) {
      expect(training.release(draft, unsaid, T2)).toMatchObject({
        training_status: 'not_started',
        retrain_requested: null,
        training: { holder: null, error: null, attempt: 0 },
      });
    }
  });

  test('tells those who listen how', () => {
    const { draft, held } = begun(project('a'));
    training.complete(draft, held.project_id, {}, {}, T2);
    training.fail(draft, held, {}, 'out of memory', T2);
    training.release(draft, held, T2);
    expect(draft.changes.map((change) => 'outcome' in change && change.outcome)).toEqual([
      false,
      // What completing brings along is a step of its own, which ends nothing.
      'completed',
      'failed',
      'released',
    ]);
  });

  test('by release of a completed project leaves it completed', () => {
    const { draft, held } = begun(project('a', { training_status: 'completed', last_trained: T0 }));
    expect(training.release(draft, held, T2)).toMatchObject({
      training_status: 'completed',
      last_trained: T0,
    });
  });

  test('by release of a project that had lost its trainer leaves it waiting for another', () => {
    const { draft, held } = begun(lost('a', 2), 3);
    expect(held.training?.attempt).toBe(3);
    const released = training.release(draft, held, T2);
    expect(released.training).toMatchObject({ error: DISCONNECTED, attempt: 2 });
    expect(nextWaiting(draft, {}, () => true)).toBe(released);
  });

  test('of a lease that was taken by force goes back to how it was before the first', () => {
    const { draft, held } = begun(project('a', { training_status: 'completed' }));
    const taken = training.begin(draft, held, 2, { name: 'thief' }, T2);
    expect(training.release(draft, taken, T2).training_status).toBe('completed');
  });

  test.each(['complete', 'fail', 'release'] as const)(
    'by %s leaves nothing that only a lease needs',
    (how) => {
      const { draft, held } = begun(project('a'));
      const asked = training.requestCancel(draft, held, 'the laptop sleeps', T1);
      const ended = {
        complete: () => training.complete(draft, asked.project_id, {}, {}, T2),
        fail: () => training.fail(draft, asked, {}, 'stopped', T2),
        release: () => training.release(draft, asked, T2),
      }[how]();
      expect(Object.keys(ended.training ?? {}).toSorted()).toEqual(
        [
          'token',
          'phase',
          'progress',
          'message',
          'details',
          'started_at',
          'updated_at',
          'holder',
          'cancel_requested',
          'error',
          'attempt',
          'outcome',
        ].toSorted(),
      );
      expect(ended.training?.cancel_requested).toBe(false);
    },
  );
});

describe('while a lease lives', () => {
  test('asking to stop changes nothing but the request', () => {
    const { draft, held } = begun(project('a'));
    const asked = training.requestCancel(draft, held, 'the laptop sleeps', T2);
    expect(asked.training).toEqual({
      ...held.training,
      cancel_requested: true,
      cancel_reason: 'the laptop sleeps',
      updated_at: T2,
    });
    expect(asked.training_status).toBe('training');
  });

  test('asking to stop once more, without a reason, leaves the one that was given', () => {
    const { draft, held } = begun(project('a'));
    const asked = training.requestCancel(draft, held, 'the laptop sleeps', T1);
    expect(training.requestCancel(draft, asked, undefined, T2).training?.cancel_reason).toBe(
      'the laptop sleeps',
    );
  });

  test('no phase is written down of a project that is gone, or that has no record any more', () => {
    const draft = draftOf(project('a'));
    for (const { project_id } of [project('a'), project('gone')]) {
      expect(training.notePhase(draft, project_id, { phase: 'indexing' }, T2)).toBeNull();
    }
    expect(draft.changes).toEqual([]);
  });

  test('a new phase is written down with all that was reported', () => {
    const { draft, held } = begun(project('a'));
    const live = { phase: 'indexing', progress: 0.2, message: 'file 3', details: { files: 9 } };
    const noted = training.notePhase(draft, held.project_id, live, T2);
    const phases = [{ phase: 'indexing', at: T2 }];
    expect(noted?.training).toEqual({ ...held.training, ...live, phases, updated_at: T2 });
  });

  test('what is reported shows in the record, and what is not stays', () => {
    const record = { ...blankTraining(), phase: 'indexing', message: 'file 3' };
    const shown = training.withProgress(record, { progress: 0, updated_at: T2 });
    expect(shown).toEqual({ ...record, progress: 0, updated_at: T2 });
    expect(training.withProgress(shown, { phase: 'saving', updated_at: T2 })).toEqual({
      ...shown,
      phase: 'saving',
    });
  });
});

describe('details', () => {
  const withBytes = (bytes: number) => ({ text: 'ä'.repeat((bytes - '{"text":""}'.length) / 2) });

  test('of 4 KiB are taken', () => {
    expect(() => training.checkDetails(withBytes(4095))).not.toThrow();
    expect(() => training.checkDetails({ a: 'x'.repeat(4096 - 8) })).not.toThrow();
    expect(() => training.checkDetails(undefined)).not.toThrow();
  });

  test('are counted in bytes, and more are refused', () => {
    expect(() => training.checkDetails(withBytes(4097))).toThrow(InvalidParamsError);
    expect(() => training.checkDetails({ a: 'x'.repeat(4096 - 7) })).toThrow(/details: is 4097 bytes/);
  });
});

describe('the next to train', () => {
  const anybody = () => true;
  const names = (projects: Project[], filter: Parameters<typeof nextWaiting>[1] = {}) => {
    const rest = new Set(projects);
    const order: string[] = [];
    for (;;) {
      const next = nextWaiting(new Registry(rest), filter, anybody);
      if (!next) return order;
      order.push(next.name);
      rest.delete(next);
    }
  };

  test('is one that was asked for, then one never trained, then one that lost its trainer; the oldest first', () => {
    const waiting = [
      lost('lost-late', 1, { last_updated: T2 }),
      lost('lost-early', 2, { last_updated: T1 }),
      project('new-late', { created_at: T2 }),
      project('new-early', { created_at: T1 }),
      project('asked-late', { retrain_requested: { at: T2, reason: null } }),
      project('asked-early', { training_status: 'failed', retrain_requested: { at: T1, reason: null } }),
    ];
    expect(names(waiting)).toEqual([
      'asked-early',
      'asked-late',
      'new-early',
      'new-late',
      'lost-early',
      'lost-late',
    ]);
  });

  test('is never one that is completed, that failed by itself, or that somebody trains', () => {
    const { draft, held } = begun(project('failed'));
    const failed = training.fail(draft, held, {}, 'out of memory', T2);
    expect(
      names([project('done', { training_status: 'completed' }), failed, begun(project('held')).held]),
    ).toEqual([]);
    expect(names([project('python', { training_status: 'training' })])).toEqual([]);
  });

  test('is not one that somebody trains while another asks for it to be trained again', () => {
    const { held } = begun(project('a'));
    expect(names([{ ...held, retrain_requested: { at: T2, reason: null } }])).toEqual([]);
  });

  test('is not one that lost its trainer and was said to be trained since', () => {
    expect(names([lost('a', 1, { training_status: 'completed' })])).toEqual([]);
  });

  test('is one that lost its trainer twice running, and not three times', () => {
    expect(names([lost('a', 1), lost('b', 2), lost('c', 3), lost('d', 4)])).toEqual(['a', 'b']);
  });

  test('counts only losses running: what ended in between begins the count anew', () => {
    const twice = lost('a', 2);
    const { draft, held } = begun(twice, 3);
    const failed = training.fail(draft, held, {}, 'out of memory', T2);
    const again = begun(failed, 4);
    const lostAgain = training.fail(again.draft, again.held, {}, STALLED, T2);
    expect(lostAgain.training?.attempt).toBe(1);
    expect(names([lostAgain])).toEqual(['a']);
  });

  test('may be one that was lost three times once somebody asks for it', () => {
    expect(
      names([lost('a', 3, { training_status: 'not_started', retrain_requested: { at: T0, reason: null } })]),
    ).toEqual(['a']);
  });

  test('is of one of the languages and has one of the tags', () => {
    const some = [
      project('a', { language: 'go', tags: ['work'] }),
      project('b', { language: 'rust', tags: ['home', 'work'] }),
      project('c', { language: 'python', tags: ['home'] }),
    ];
    expect(names(some, { languages: ['go', 'rust'] })).toEqual(['a', 'b']);
    expect(names(some, { tags: ['home'] })).toEqual(['b', 'c']);
    expect(names(some, { tags: ['home', 'unheard of'] })).toEqual(['b', 'c']);
    expect(names(some, { tags: [] })).toEqual([]);
    expect(names(some, { languages: ['python'], tags: ['work'] })).toEqual([]);
    expect(names(some, { languages: [] })).toEqual([]);
  });

  test('is not one that somebody is just taking', () => {
    const [a, b] = [project('a'), project('b')];
    expect(nextWaiting(new Registry([a, b]), {}, (id) => id !== a.project_id)).toBe(b);
  });
});

describe('all that wait to be trained', () => {
  test('are in the order in which they are handed out, and those that wait since one time in that of the file', () => {
    const waiting = [
      lost('lost', 1),
      project('done', { training_status: 'completed' }),
      project('late', { created_at: T2 }),
      ...['b', 'a', 'c'].map((name) => project(name, { created_at: T1 })),
      project('asked', { retrain_requested: { at: T2, reason: null } }),
    ];
    const all = allWaiting(waiting);
    expect(all.map(({ name }) => name)).toEqual(['asked', 'b', 'a', 'c', 'late', 'lost']);
    expect(all[0]).toBe(nextWaiting(new Registry(waiting), {}, () => true));
  });

  test('are not those that somebody is just taking', () => {
    const [a, b] = [project('a'), project('b')];
    const isFree = (id: string): boolean => id !== a.project_id;
    expect(allWaiting([a, b], isFree)).toEqual([b]);
  });
});
