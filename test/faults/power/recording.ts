/** A scenario that was recorded: what happened to the disk, and what was asked and answered at which moment of it. */
import type { Event } from './events.ts';
import type { Asked, Keeping } from './recorder.ts';
import { type Patch, patched, type State } from './state.ts';

/** A number of events, counted from the first: those before it have happened. */
export type Moment = number;

export interface Change {
  readonly patch: Patch;
  /** When whoever asked for it was told that it is made, or an edit was served; null when nobody is told. */
  readonly acknowledged: Moment | null;
}

/** Changes that were asked for at once; the next step was begun after all of them. */
export interface Step {
  readonly name: string;
  readonly begun: Moment;
  readonly changes: readonly Change[];
  /**
   * Somebody else wrote the file so that a crash spoils it: until it is acknowledged, what the last backup holds is all
   * that can be had.
   */
  readonly careless: boolean;
  /** What a backup has by the end of it: everything, or everything that was there before it. */
  readonly backup: 'all' | 'before' | null;
}

/** A file that must be there. */
export interface Kept {
  readonly bytes: Buffer;
  readonly from: Moment;
  /** In the directory of this project, for as long as it is registered; otherwise as the registry or a backup of it. */
  readonly project: string | null;
  readonly until: Moment;
}

export interface Recording {
  readonly root: string;
  readonly events: readonly Event[];
  /** The first moment at which a crash is looked at. */
  readonly from: Moment;
  readonly steps: readonly Step[];
  /** The registry after as many of the steps. */
  readonly states: readonly State[];
  readonly kept: readonly Kept[];
  /** The same scenario as another daemon would have gone through it. */
  having(events: readonly Event[]): Recording;
}

/** Finds the moments of a scenario in a record of it. */
export function locate(
  events: readonly Event[],
  root: string,
  scenario: { readonly initial: State; readonly asked: readonly Asked[]; readonly kept: readonly Keeping[] },
): Recording {
  const markAt = (name: string): Moment =>
    found(events, 0, (event) => event.do === 'mark' && event.name === name);
  const steps = scenario.asked.map(({ changes, ...asked }, index): Step => {
    const begun = markAt(`step-${index}`);
    const acknowledged = (answer: string | null): Moment | null =>
      answer === null ? null : saidAt(events, begun, answer);
    return {
      ...asked,
      begun,
      changes: changes.map(({ patch, answer }) => ({ patch, acknowledged: acknowledged(answer) })),
    };
  });
  const kept = scenario.kept.map(({ from, until, ...rest }) => ({
    ...rest,
    from: markAt(from),
    until: (until !== null && steps[until]?.changes[0]?.acknowledged) || Infinity,
  }));
  const states = [scenario.initial];
  for (const { changes } of steps) {
    states.push(changes.reduce((state, { patch }) => patched(state, patch), states.at(-1) as State));
  }
  return {
    root,
    events,
    from: markAt('begin'),
    steps,
    states,
    kept,
    having: (others) => locate(others, root, scenario),
  };
}

function saidAt(events: readonly Event[], from: Moment, answer: string): Moment {
  return found(
    events,
    from,
    (event) =>
      (event.do === 'say' && event.text.includes(`"id":"${answer}",`)) ||
      (event.do === 'mark' && event.name === answer),
  );
}

function found(events: readonly Event[], from: Moment, wanted: (event: Event) => boolean): Moment {
  const index = events.findIndex((event, at) => at >= from && wanted(event));
  if (index === -1) throw new Error('the record lacks a moment of the scenario');
  return index;
}
