/** An event as a line for people: what happened, to which project, and what about it. */
import type { WatchEvent } from '../watch.ts';
import type { ProblemEvent } from '../../src/protocol/events.ts';
import type { WireProject } from '../../src/domain/encoding.ts';
import { localClock, localDay, noTime, plural, printable } from './text.ts';
import { doing, holderOf, progressOf, standing } from './training-text.ts';

/** As wide as the longest of the words that say what happened. */
const WHAT_WIDTH = 11;
/** Fields that change with every other one. */
const OF_COURSE = new Set(['last_updated', 'etag']);

/**
 * @param shortPath a path as people read it
 * @param first whether this is the first event, which says what there is
 */
export function eventLine(event: WatchEvent, first: boolean, shortPath: (path: string) => string): string {
  const [what, ...about] = describe(event, first, shortPath);
  const outside = event.origin === 'file' ? ['(edited outside)'] : [];
  return [timeText(event.at), what.padEnd(WHAT_WIDTH), ...about, ...outside]
    .filter(Boolean)
    .join('  ')
    .trimEnd();
}

function describe(
  event: WatchEvent,
  first: boolean,
  shortPath: (path: string) => string,
): [what: string, ...about: string[]] {
  switch (event.type) {
    case 'resync':
      return [
        first ? 'watching' : 'resynced',
        plural(event.projects.length, 'project'),
        ...(event.problem ? ['problem:', ...problemWords(event.problem)] : []),
      ];
    case 'activated':
      return ['active', event.project ? printable(event.project.name) : 'none'];
    case 'registered':
      return ['registered', name(event.project), printable(shortPath(event.project?.source_path ?? ''))];
    case 'updated':
      return ['updated', name(event.project), changedFields(event.previous, event.project).join(', ')];
    case 'removed':
      return ['removed', name(isProject(event.previous) ? event.previous : undefined)];
    case 'training':
      return event.project
        ? [outcome(event.previous, event.project), ...training(event.project)]
        : ['training'];
    case 'progress':
      return ['progress', ...training(event.project)];
    case 'problem':
      return ['problem', ...problemWords(event.problem)];
    case 'recovered':
      return ['recovered', 'the registry file is good again'];
    case 'shutdown':
      return ['shutdown', 'the daemon ends'];
  }
}

/** How training stands now; a project that was given back as it was has not completed anew. */
function outcome(before: unknown, project: WireProject): string {
  const wasTraining = isProject(before) && before.training_status === 'training';
  const isAsBefore =
    project.training_status === 'not_started' ||
    (project.training_status === 'completed' &&
      isProject(before) &&
      before.last_trained === project.last_trained);
  return wasTraining && isAsBefore && !project.retrain_requested ? 'released' : standing(project);
}

function problemWords({ message, line, column }: ProblemEvent['problem']): string[] {
  return [printable(message), line === undefined ? '' : `line ${line}, column ${column ?? 1}`];
}

function training(project: WireProject): string[] {
  const progress = progressOf(project);
  const holder = holderOf(project);
  return [
    printable(project.name),
    progress === undefined ? '' : `${Math.floor(progress * 100)}%`,
    printable(doing(project)),
    holder === '' ? '' : `by ${holder}`,
  ].filter(Boolean);
}

function changedFields(before: unknown, after: WireProject | undefined): string[] {
  if (!isProject(before) || !after) return [];
  const names = Object.keys({ ...before, ...after }).filter((field) => !OF_COURSE.has(field));
  return names.filter((field) => JSON.stringify(before[field]) !== JSON.stringify(after[field]));
}

function isProject(value: unknown): value is WireProject {
  return typeof value === 'object' && value !== null && 'project_id' in value;
}

function name(project: WireProject | undefined): string {
  return project ? printable(project.name) : '';
}

function timeText(at: string): string {
  const date = new Date(at);
  if (Number.isNaN(date.getTime())) return noTime(at);
  return `${localDay(date)} ${localClock(date).slice(0, 8)}`;
}
