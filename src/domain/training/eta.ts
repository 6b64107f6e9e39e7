/**
 * How long a training will still take: as the last one of its project took from the place where this one is, at this
 * one's pace; without such a one, as its own progress lets expect. Null rather than a guess.
 */
import { type CurvePoint, isRising, isWhole, type PhaseStart, type TrainingProfile } from './curve.ts';

/** Where a training that goes on is. */
export interface Standing {
  /** Since it began; by a clock that nobody sets. Seconds. */
  readonly elapsed_s: number;
  /** The last progress that was reported, and when; null before. */
  readonly reported: CurvePoint | null;
  /** Made by `sampled` of its reports so far. */
  readonly curve: readonly CurvePoint[];
  /** The phases that it has had, the one that it is in last. */
  readonly phases: readonly PhaseStart[];
}

/** Less of a whole, in time or in progress, is noise that no pace can be told from. */
const LEAST_SHARE = 0.05;
/** Nor can it from a shorter time. Seconds. */
const LEAST_SECONDS = 5;
/** So many times slower or faster than the last one a training is believed to be. */
const MAX_PACE = 10;
/** Longer is no forecast that anybody waits for: thirty days. Seconds. */
const LONGEST_SECONDS = 30 * 86_400;

/**
 * How many seconds a training will still take: a whole number from 0 on; null where nobody can tell, and where it takes
 * longer than was to be expected.
 *
 * @param profile of the last training of the project that has completed; null for none
 */
export function etaOf(standing: Standing, profile: TrainingProfile | null): number | null {
  const last = profile !== null && profile.seconds > 0 ? profile : null;
  const left = (last && (byProgress(standing, last) ?? byPhase(standing, last))) ?? byRate(standing);
  const eta = left ?? (last && last.seconds - standing.elapsed_s);
  return eta !== null && eta >= 0 && eta <= LONGEST_SECONDS ? Math.round(eta) : null;
}

/** By where the last one was with the same progress. */
function byProgress({ elapsed_s, reported, curve }: Standing, last: TrainingProfile): number | null {
  const [first] = curve;
  if (!reported || !first || !isWhole(curve, reported) || !isRising(last.curve)) return null;
  const place = placeOf(reported.progress, last);
  const start = placeOf(first.progress, last);
  if (place === null || start === null) return null;
  // From the first report on: one that goes on from a checkpoint was never where the last one began.
  const pace = paceOf(reported.at_s - first.at_s, place - start, last);
  return (last.seconds - place) * pace - (elapsed_s - reported.at_s);
}

/** When the last training had so much progress, between the points of its curve. Seconds. */
function placeOf(progress: number, { curve, seconds }: TrainingProfile): number | null {
  const points = [...curve, { at_s: seconds, progress: 1 }];
  const next = points.findIndex((point) => point.progress > progress);
  // With all of it done there may be something left, as saving what was made.
  const to = points.at(next === -1 ? -1 : next);
  const from = points.at(next === -1 ? -2 : next - 1);
  if (curve.length === 0 || !from || !to || to.at_s > seconds) return null;
  if (next === -1) return from.at_s;
  if (next === 0) return (progress / to.progress) * to.at_s;
  return from.at_s + ((progress - from.progress) / (to.progress - from.progress)) * (to.at_s - from.at_s);
}

/** By where the last one was in the same phase. */
function byPhase({ elapsed_s, phases }: Standing, last: TrainingProfile): number | null {
  const now = phases.at(-1);
  if (!now) return null;
  // Phases may come again, as in each epoch.
  const times = phases.filter(({ phase }) => phase === now.phase).length;
  const at = last.phases.findIndex(
    ({ phase }, index) =>
      phase === now.phase &&
      last.phases.slice(0, index + 1).filter((other) => other.phase === phase).length === times,
  );
  const then = last.phases[at];
  if (!then) return null;
  const end = last.phases[at + 1]?.at_s ?? last.seconds;
  if (!(then.at_s >= 0 && then.at_s <= end && end <= last.seconds)) return null;
  const pace = paceOf(now.at_s, then.at_s, last);
  const within = (end - then.at_s) * pace - (elapsed_s - now.at_s);
  const rest = (last.seconds - end) * pace;
  // A phase that takes longer than it did says nothing of those that follow.
  return rest > 0 ? Math.max(0, within) + rest : within;
}

/** How much longer than the last one a training takes for the same; 1 while that cannot be told. */
function paceOf(took: number, lastTook: number, { seconds }: TrainingProfile): number {
  if (lastTook < LEAST_SHARE * seconds || lastTook < LEAST_SECONDS) return 1;
  // Faster than that is not run but left out, as by going on from a checkpoint.
  return took * MAX_PACE < lastTook ? 1 : Math.min(took / lastTook, MAX_PACE);
}

/** By how fast its own progress was until now. */
function byRate({ elapsed_s, reported, curve }: Standing): number | null {
  const [first] = curve;
  if (!reported || !first || !isWhole(curve, reported)) return null;
  const took = reported.at_s - first.at_s;
  const moved = reported.progress - first.progress;
  if (moved < LEAST_SHARE || took < LEAST_SECONDS) return null;
  return ((1 - reported.progress) / moved) * took - (elapsed_s - reported.at_s);
}
