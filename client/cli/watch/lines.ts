/** An event as a line for people: what happened, to which project, and what about it. */
import type { WatchEvent } from '../../watch.ts';
import type { EventOf } from '../../../src/protocol/events.ts';
import type { WireProject } from '../../../src/domain/encoding.ts';
import type { Context } from '../context.ts';
import { localClock, localDay, noTime, plural, printable, leftWords } from '../terminal/text.ts';
import { doing, holderOf, problemWords, progressOf, standing } from './standing.ts';

/** As wide as the longest of the words that say what happened. */
const WHAT_WIDTH = 11;
/** Fields that change with every other one. */
const OF_COURSE = new Set(['last_updated', 'etag']);

/** Paths as people read them: alone, and in messages. */
type Words = Pick<Context, 'shortPath' | 'tildes'>;

/**
 * @param first whether this is the first event, which says what there is
 */
export function eventLine(event: WatchEvent, first: boolean, words: Words): string {
  const [what = '', ...about] = describe(event, first, words);
  const outside = event.origin === 'file' ? ['(edited outside)'] : [];
  return [timeText(event.at), what.padEnd(WHAT_WIDTH), ...about, ...outside]
    .filter(Boolean)
    .join('  ')
    .trimEnd();
}

function describe(event: WatchEvent, first: boolean, words: Words): string[] {
  switch (event.type) {
    case 'resync':
      return [
        first ? 'watching' : 'resynced',
        plural(event.projects.length, 'project'),
        ...(event.problem ? ['problem:', ...problemWords(event.problem, words)] : []),
      ];
    case 'activated':
      return ['active', event.project ? printable(event.project.name) : 'none'];
    case 'registered':
      return [
        'registered',
        printable(event.project.name),
        printable(words.shortPath(event.project.source_path)),
      ];
    case 'updated':
      return ['updated', printable(event.project.name), changedFields(event).join(', ')];
    case 'removed':
      return ['removed', printable(event.previous.name)];
    case 'training':
      return trained(event);
    case 'progress':
      return ['progress', ...training(event.project)];
    case 'problem':
      return ['problem', ...problemWords(event.problem, words)];
    case 'recovered':
      return ['recovered', 'the registry file is good again'];
    case 'shutdown':
      return ['shutdown', 'the daemon ends'];
    default:
      // Of a later version than this one. An event that is declared here has a case of its own above.
      return [printable((event satisfies never as { type: string }).type)];
  }
}

/** What has come of a training, or how it stands now. */
function trained(event: EventOf<'training'>): string[] {
  const { project } = event;
  const what = event.outcome ?? outcomeOf(event.previous, project) ?? standing(project);
  // What it failed of is told of one that has failed now, and in more than one word.
  if (what === 'released' || what === 'cancelled' || what === 'stalled')
    return [what, printable(project.name)];
  if (what === 'ended') return [what, printable(project.name), `it is ${standing(project)}`];
  return [what, ...training(project)];
}

/**
 * How a lease has ended, as far as the project tells, for a daemon of an earlier version that does not; undefined where
 * the status says it. What was given back stands as before: one that is completed has not completed anew, while one that
 * is failed may have failed now or before.
 */
function outcomeOf(before: WireProject | undefined, project: WireProject): 'released' | 'ended' | undefined {
  const { training_status: status, retrain_requested: retrain, last_trained } = project;
  if (before?.training_status !== 'training' || status === 'training' || retrain) return undefined;
  if (status === 'failed') return before.training?.holder ? 'ended' : undefined;
  return status === 'completed' && before.last_trained !== last_trained ? undefined : 'released';
}

function training(project: WireProject): string[] {
  const progress = progressOf(project);
  const holder = holderOf(project);
  const left = project.training?.eta_s;
  return [
    printable(project.name),
    progress === undefined ? '' : `${Math.floor(progress * 100)}%`,
    printable(doing(project)),
    typeof left === 'number' ? leftWords(left) : '',
    holder === '' ? '' : `by ${holder}`,
  ].filter(Boolean);
}

function changedFields({ previous: before, project: after }: EventOf<'updated'>): string[] {
  const names = Object.keys({ ...before, ...after }).filter((field) => !OF_COURSE.has(field));
  return names.filter((field) => JSON.stringify(before[field]) !== JSON.stringify(after[field]));
}

function timeText(at: string): string {
  const date = new Date(at);
  if (Number.isNaN(date.getTime())) return noTime(at);
  return `${localDay(date)} ${localClock(date).slice(0, 8)}`;
}
