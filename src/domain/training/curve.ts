/** How a training went, in few numbers, for telling how long the next one will take. */

/** Where a training was, in seconds since its start. */
export interface CurvePoint {
  readonly at_s: number;
  /** 0 to 1, as its trainer reported it. */
  readonly progress: number;
}

/** When a phase began, in seconds since the start of its training. */
export interface PhaseStart {
  readonly phase: string;
  readonly at_s: number;
}

/** How a training that has completed went. */
export interface TrainingProfile {
  /** How long it took. */
  readonly seconds: number;
  readonly phases: readonly PhaseStart[];
  /** As {@link sampled} makes it; empty where no progress was reported. */
  readonly curve: readonly CurvePoint[];
}

/** What a training's entry in the history says that a profile is made of. */
export interface EndedTraining {
  readonly started_at: string | null;
  readonly ended_at: string;
  readonly phases: readonly { readonly phase: string; readonly at: string }[];
  readonly curve?: readonly CurvePoint[] | undefined;
}

/** The points of a curve: about one for each twentieth of the progress. */
export const MAX_CURVE_POINTS = 20;
/** Progress that goes back by more was that of a part, such as an epoch, and not of the whole. */
const SLIP = 0.02;

/**
 * A curve with what was reported next, if that is worth a point: the first report, one in a later twentieth than the last
 * point, and one that falls, after which a curve tells nothing of the whole any more and takes no more points.
 *
 * @param curve of this training so far
 * @returns the same where nothing was added
 */
export function sampled(curve: readonly CurvePoint[], point: CurvePoint): readonly CurvePoint[] {
  const last = curve.at(-1);
  if (!last) return [point];
  if (curve.length >= MAX_CURVE_POINTS || !isRising(curve)) return curve;
  const isNext = twentieth(point) > twentieth(last) || point.progress < last.progress - SLIP;
  return isNext ? [...curve, point] : curve;
}

/** Whether time and progress of a curve only grow: whoever edits a history may have written anything. */
export function isRising(curve: readonly CurvePoint[]): boolean {
  return curve.every(({ at_s, progress }, at) => {
    const before = curve[at - 1] ?? { at_s: 0, progress: 0 };
    return at_s >= before.at_s && progress >= before.progress && progress <= 1 && Number.isFinite(at_s);
  });
}

/** The profile of a training; null where its times say nothing, as after a clock was set back. */
export function profileOf({
  started_at,
  ended_at,
  phases,
  curve = [],
}: EndedTraining): TrainingProfile | null {
  const start = Date.parse(started_at ?? '');
  const since = (at: string): number => (Date.parse(at) - start) / 1000;
  const seconds = since(ended_at);
  if (!(seconds > 0)) return null;
  return { seconds, phases: phases.map(({ phase, at }) => ({ phase, at_s: since(at) })), curve };
}

/** Whether progress is that of the whole training, as far as can be told from its curve and its last report. */
export function isWhole(curve: readonly CurvePoint[], reported: CurvePoint): boolean {
  const last = curve.at(-1) ?? reported;
  return isRising(curve) && reported.at_s >= last.at_s && reported.progress >= last.progress - SLIP;
}

function twentieth({ progress }: CurvePoint): number {
  return Math.floor(progress * MAX_CURVE_POINTS);
}
