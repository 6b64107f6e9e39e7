/** How long a training will still take. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type CurvePoint,
  isRising,
  MAX_CURVE_POINTS,
  profileOf,
  sampled,
  type TrainingProfile,
} from '../../../src/domain/training/curve.ts';
import { etaOf, type Standing } from '../../../src/domain/training/eta.ts';

const points = (...pairs: readonly (readonly [at_s: number, progress: number])[]): CurvePoint[] =>
  pairs.map(([at_s, progress]) => ({ at_s, progress }));

const phases = (...pairs: readonly (readonly [at_s: number, phase: string])[]): Standing['phases'] =>
  pairs.map(([at_s, phase]) => ({ at_s, phase }));

function standing(elapsed_s: number, about: Partial<Standing> = {}): Standing {
  const { curve = [] } = about;
  return { elapsed_s, reported: curve.at(-1) ?? null, curve, phases: [], ...about };
}

const LAST: TrainingProfile = {
  seconds: 1000,
  phases: phases([0, 'loading'], [100, 'training'], [900, 'saving']),
  // Slow at first: half of the time for a quarter of the progress.
  curve: points([100, 0], [500, 0.25], [900, 1]),
};
const WITHOUT_CURVE = { ...LAST, curve: [] };
const ONLY_TIME = { ...WITHOUT_CURVE, phases: [] };

describe('by the last training', () => {
  test.each([
    ['by its length, where nothing is reported', standing(400), ONLY_TIME, 600],
    ['not beyond that', standing(1001), ONLY_TIME, null],
    ['by when it had this progress', standing(500, { curve: points([100, 0], [500, 0.25]) }), LAST, 500],
    ['between two points', standing(700, { curve: points([100, 0], [700, 0.625]) }), LAST, 300],
    ['twice as slow', standing(900, { curve: points([100, 0], [900, 0.25]) }), LAST, 1000],
    ['twice as fast', standing(300, { curve: points([100, 0], [300, 0.25]) }), LAST, 250],
    [
      'a phase that was left out is not one that was fast',
      standing(150, { phases: phases([1, 'saving']) }),
      { ...WITHOUT_CURVE, phases: phases([0, 'a'], [500, 'saving']) },
      351,
    ],
    [
      'no more than ten times slower',
      standing(5000, { curve: points([0, 0], [5000, 0.25]) }),
      { ...LAST, curve: points([0, 0], [100, 0.25]) },
      9000,
    ],
    ['from a checkpoint', standing(10, { curve: points([10, 0.25]) }), LAST, 500],
    ['and on from there', standing(410, { curve: points([10, 0.25], [410, 1]) }), LAST, 100],
    ['less the time since the report', standing(550, { curve: points([100, 0], [500, 0.25]) }), LAST, 450],
    ['until that is over', standing(1001, { curve: points([100, 0], [500, 0.25]) }), LAST, null],
    ['by its phases', standing(150, { phases: phases([100, 'training']) }), WITHOUT_CURVE, 850],
    ['twice as slow by them', standing(200, { phases: phases([200, 'training']) }), WITHOUT_CURVE, 1800],
    ['a long phase does not eat the next', standing(1500, { phases: phases([100, 'training']) }), LAST, 100],
    [
      'the last phase, once over, tells nothing',
      standing(1001, { phases: phases([900, 'saving']) }),
      LAST,
      null,
    ],
    ['an unknown phase: by its length', standing(400, { phases: phases([100, 'new']) }), WITHOUT_CURVE, 600],
    [
      'progress of a part: by its phases',
      standing(150, { curve: points([110, 0.9], [150, 0.1]), phases: phases([100, 'training']) }),
      LAST,
      850,
    ],
  ])('%s', (_what, now, last, eta) => {
    expect(etaOf(now, last)).toBe(eta);
  });

  test('a phase that comes again is the one that came as often', () => {
    const last = { ...ONLY_TIME, phases: phases([0, 'a'], [100, 'b'], [200, 'a'], [600, 'b']) };
    expect(etaOf(standing(200, { phases: phases([0, 'a'], [100, 'b'], [200, 'a']) }), last)).toBe(800);
    expect(etaOf(standing(0, { phases: phases([0, 'a']) }), last)).toBe(1000);
  });
});

describe('without one', () => {
  test.each([
    ['by its own rate', standing(100, { curve: points([0, 0], [100, 0.25]) }), 300],
    ['from its first report on', standing(110, { curve: points([100, 0.5], [110, 0.75]) }), 10],
    ['less the time since the last', standing(150, { curve: points([0, 0], [100, 0.25]) }), 250],
    ['null where nothing is reported', standing(100), null],
    ['null after one report', standing(100, { curve: points([50, 0.5]) }), null],
    ['null when it has hardly moved', standing(100, { curve: points([0, 0], [100, 0.04]) }), null],
    ['null in the first seconds', standing(4, { curve: points([0, 0], [4, 0.5]) }), null],
    ['null once the time is over', standing(401, { curve: points([0, 0], [100, 0.25]) }), null],
    ['null when that is months', standing(1e6, { curve: points([0, 0], [1e6, 0.05]) }), null],
    ['null where progress starts again', standing(90, { curve: points([0, 0], [50, 0.9], [90, 0.3]) }), null],
    ['0 at the end', standing(100, { curve: points([0, 0], [100, 1]) }), 0],
  ])('%s', (_what, now, eta) => {
    expect(etaOf(now, null)).toBe(eta);
  });
});

describe('whatever is reported, and whatever a history says', () => {
  const anyPoint = fc.record({ at_s: fc.double(), progress: fc.double() });
  const anyPhases = fc.array(fc.record({ at_s: fc.double(), phase: fc.constantFrom('a', 'b') }), {
    maxLength: 5,
  });
  const anyProfile = fc.record({ seconds: fc.double(), phases: anyPhases, curve: fc.array(anyPoint) });
  const anyStanding = fc.record({
    elapsed_s: fc.double(),
    reported: fc.option(anyPoint),
    curve: fc.array(anyPoint),
    phases: anyPhases,
  });

  test('it is null, or a whole number that is not negative', () => {
    fc.assert(
      fc.property(anyStanding, fc.option(anyProfile), (now, last) => {
        const eta = etaOf(now, last);
        expect(eta === null || (Number.isSafeInteger(eta) && eta >= 0)).toBe(true);
      }),
    );
  });

  /** A training that reports as it goes: pauses in seconds, and steps of progress. */
  const run = fc.array(
    fc.tuple(fc.double({ min: 1, max: 100, noNaN: true }), fc.integer({ min: 0, max: 20 })),
    {
      minLength: 1,
      maxLength: 60,
    },
  );

  function reports(steps: readonly (readonly [pause: number, step: number])[]): CurvePoint[] {
    const whole = steps.reduce((sum, [, step]) => sum + step, 1);
    let at_s = 0;
    let done = 0;
    return steps.map(([pause, step]) => ({ at_s: (at_s += pause), progress: (done += step) / whole }));
  }

  const curveOf = (told: readonly CurvePoint[]): readonly CurvePoint[] =>
    told.reduce<readonly CurvePoint[]>(sampled, []);

  test('a curve is short, and rises as its training does', () => {
    fc.assert(
      fc.property(run, (steps) => {
        const curve = curveOf(reports(steps));
        expect(curve.length).toBeLessThanOrEqual(MAX_CURVE_POINTS);
        expect(isRising(curve)).toBe(true);
      }),
    );
    fc.assert(
      fc.property(fc.array(anyPoint), (told) => {
        expect(curveOf(told).length).toBeLessThanOrEqual(MAX_CURVE_POINTS);
      }),
    );
  });

  test('the same training again is foreseen, nearly to the second, and at half the pace', () => {
    fc.assert(
      fc.property(run, fc.constantFrom(1, 2), fc.nat(), (steps, slow, which) => {
        const told = reports(steps);
        const seconds = (told.at(-1)?.at_s ?? 0) + 10;
        const last = { seconds, phases: [], curve: curveOf(told) };
        const now = told.map(({ at_s, progress }) => ({ at_s: at_s * slow, progress }));
        // At a point that the last one has kept, so that nothing is between two of them.
        const kept = last.curve[which % last.curve.length] as CurvePoint;
        const upTo = now.filter(({ at_s }) => at_s <= kept.at_s * slow);
        const reported = upTo.at(-1) ?? null;
        const eta = etaOf({ elapsed_s: kept.at_s * slow, reported, curve: curveOf(upTo), phases: [] }, last);
        const first = last.curve[0] as CurvePoint;
        const isPaceKnown = kept.at_s - first.at_s >= Math.max(5, 0.05 * seconds);
        const pace = isPaceKnown ? slow : 1;
        expect(Math.abs((eta ?? -9) - (seconds - kept.at_s) * pace)).toBeLessThanOrEqual(1);
      }),
    );
  });
});

describe('a profile', () => {
  const AT = '2026-01-05T10:00:00.000Z';
  const ended = { started_at: AT, ended_at: '2026-01-05T10:01:00.000Z', phases: [] };

  test('is made of what the history says', () => {
    const entry = { ...ended, phases: [{ phase: 'a', at: '2026-01-05T10:00:30.500Z' }] };
    expect(profileOf(entry)).toEqual({ seconds: 60, phases: [{ phase: 'a', at_s: 30.5 }], curve: [] });
  });

  test.each([
    ['without a beginning', { ...ended, started_at: null }],
    ['after a clock was set back', { ...ended, ended_at: '2026-01-05T09:00:00.000Z' }],
    ['with times that are none', { ...ended, ended_at: 'soon' }],
  ])('is none %s', (_what, entry) => {
    expect(profileOf(entry)).toBeNull();
  });
});
