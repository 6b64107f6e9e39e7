/** One project on the whole screen: what is known of it, its trainings, the last lines of its trainer. Pure. */
import type { WireProject } from '../../../../src/domain/encoding.ts';
import type { Phase } from '../../../../src/domain/project.ts';
import { progressBar } from '../../terminal/bar.ts';
import { type Style, STATUS_STYLES } from '../../terminal/colour.ts';
import { commitText, type Trained } from '../../history/trainings.ts';
import { layTrainings } from '../../history/table.ts';
import {
  duration,
  leftWords,
  localClock,
  operands,
  plural,
  printable,
  relativeTime,
} from '../../terminal/text.ts';
import { cutText, textWidth } from '../../terminal/width.ts';
import { foldText } from '../../terminal/wrap.ts';
import { doing, holderOf, progressOf, standing } from '../standing.ts';
import { sinceWhen, type WatchState } from '../state.ts';
import type { Canvas } from './table.ts';

/** What is asked about a project that somebody looks at, beside what every watch knows. */
export interface About {
  /** Newest first; undefined as long as they are not known. */
  readonly trainings: readonly Trained[] | undefined;
  /** How far the code has gone on, in words. */
  readonly behind: string | undefined;
  readonly isGone: boolean;
  /** The last lines that the trainer has printed. */
  readonly log: readonly string[];
  /** Why there are none, or no others. */
  readonly note: string | undefined;
}

export const NOTHING_KNOWN: About = {
  trainings: undefined,
  behind: undefined,
  isGone: false,
  log: [],
  note: undefined,
};

export interface ScrolledPage {
  readonly lines: readonly string[];
  /** How many are above those, and how many of those that scroll are seen. */
  readonly above: number;
  readonly shown: number;
  readonly isCut: boolean;
}

const LABEL_WIDTH = 10;
/** A terminal this narrow does without the labels. */
const LABELS_FROM = 36;
const WIDE_BAR_FROM = 60;
/** With so many rows one may stay blank. */
const ROOMY = 20;
/** Of the trainings that have ended, the last so many where there is no room for more. */
const TRAININGS = 5;

/**
 * At most `rows` lines: what is known, scrolled where there is no room for all of it, and below that the log.
 *
 * @param above how many lines are to be scrolled off
 * @returns also how many are, and how many of those that scroll are seen
 */
export function projectPage(
  state: WatchState,
  project: WireProject,
  about: About,
  canvas: Canvas,
  above: number,
  shortPath: (path: string) => string,
): ScrolledPage {
  const { rows } = canvas;
  const title = titleOf(state, project, canvas);
  const log = logLines(about, canvas);
  const room = Math.max(0, rows - 1);
  const gap = rows >= ROOMY && about.trainings?.length ? [''] : [];
  const first = [...fields(state, project, about, canvas, shortPath), ...gap];
  const known = [...first, ...trainingLines(project, about, canvas, room - first.length - log.length)];
  const leastLog = Math.min(log.length, Math.floor(room / 3));
  const shown = Math.min(known.length, room - (leastLog < 2 ? 0 : leastLog));
  const scrolled = Math.min(above, known.length - shown);
  const logRoom = room - shown;
  // The heading, and the last lines that there is room for.
  const tail = logRoom < 2 ? [] : [...log.slice(0, 1), ...log.slice(1).slice(-(logRoom - 1))];
  const lines = [title, ...known.slice(scrolled, scrolled + shown), ...tail].slice(0, rows);
  return { lines, above: scrolled, shown, isCut: shown < known.length };
}

function titleOf(state: WatchState, project: WireProject, { columns, paint }: Canvas): string {
  const isActive = project.project_id === state.active;
  const status = state.get(project.project_id) ? standing(project) : 'removed';
  const name = (isActive ? '* ' : '') + printable(project.name);
  const style = STATUS_STYLES[project.training_status] ?? 'bold';
  const shownName = cutText(name, Math.max(6, columns - textWidth(status) - 2), 'end');
  const room = columns - textWidth(shownName) - 2;
  const painted = paint(isActive ? 'green' : 'bold', cutText(shownName, columns, 'end'));
  return room < textWidth(status) ? painted : `${painted}  ${paint(style, status)}`;
}

type Row = readonly [label: string, text: string | undefined, style?: Style];

function fields(
  state: WatchState,
  project: WireProject,
  { trainings, behind, isGone }: About,
  canvas: Canvas,
  shortPath: (path: string) => string,
): string[] {
  const { now, columns } = canvas;
  const { training, training_status: status, retrain_requested: retrain, trained_from: from } = project;
  const isTraining = status === 'training';
  const left = state.leftOf(project, now);
  const progress = progressOf(project);
  const bar = progress === undefined ? '' : progressBar(progress, columns >= WIDE_BAR_FROM ? 20 : 10);
  const asked =
    retrain && `asked for ${relativeTime(retrain.at, now)}${retrain.reason ? `: ${retrain.reason}` : ''}`;
  const pid = isTraining && training?.holder?.name ? training.holder.pid : undefined;
  const last = trainings?.[0];
  const phases = isTraining ? training?.phases : last?.token === training?.token ? last?.phases : undefined;
  const rows: Row[] = [
    ['path', shortPath(project.source_path) + (isGone ? ' (gone)' : '')],
    ['tags', project.tags.join(', ')],
    ['base model', project.base_model ?? ''],
    ['progress', listed(bar, left === undefined ? '' : leftWords(left / 1000)), 'cyan'],
    ['doing', isTraining ? doing(project) : ''],
    ['phases', phaseWords(phases ?? [], isTraining ? undefined : last?.ended_at)],
    ['by', listed(holderOf(project), pid === undefined ? '' : `process ${pid}`)],
    ['since', isTraining ? `${clock(sinceWhen(project))}, ${relativeTime(sinceWhen(project), now)}` : ''],
    [
      'stopping',
      isTraining && training?.cancel_requested ? (training.cancel_reason ?? 'asked to stop') : '',
      'yellow',
    ],
    ['retrain', asked ?? ''],
    ...errorLines(project).map((line, at): Row => [at === 0 ? 'error' : '', line, 'red']),
    [
      'trained',
      project.last_trained === null
        ? 'never'
        : listed(
            relativeTime(project.last_trained, now),
            from ? `from ${commitText(from)}` : '',
            behind ?? '',
          ),
    ],
  ];
  return rows.flatMap((row) => layRow(row, canvas));
}

/** A value in as many lines as it needs. */
function layRow([label, text = '', style]: Row, { columns, paint }: Canvas): string[] {
  if (text === '') return [];
  const margin = columns < LABELS_FROM ? 0 : LABEL_WIDTH + 2;
  return foldText(printable(text), columns - margin).map((line, at) => {
    const head = margin === 0 ? '' : `${paint('dim', (at === 0 ? label : '').padEnd(LABEL_WIDTH))}  `;
    return head + (style ? paint(style, line) : line);
  });
}

function errorLines({ training_status: status, training }: WireProject): string[] {
  if (status !== 'failed' || !training?.error) return [];
  return training.error.split(/\r?\n/).map((line) => line.replaceAll('\t', '    '));
}

/** `embedding 3 min, training since 12:06`; of a training that has ended, how long each took. */
function phaseWords(phases: readonly Phase[], ended: string | undefined): string {
  return phases
    .map(({ phase, at }, nth) => {
      const end = phases[nth + 1]?.at ?? ended;
      if (end === undefined) return `${phase} since ${clock(at)}`;
      const seconds = (Date.parse(end) - Date.parse(at)) / 1000;
      return seconds >= 0 ? `${phase} ${duration(seconds)}` : phase;
    })
    .join(', ');
}

/** @param room lines that there are, which may be none: then it is scrolled */
function trainingLines({ name }: WireProject, { trainings }: About, canvas: Canvas, room: number): string[] {
  if (!trainings?.length) return [];
  const { columns, paint } = canvas;
  // Below the titles; the line that says how many more there are needs one as well.
  const most = Math.max(room - 1, TRAININGS + 1);
  if (trainings.length <= most) return layTrainings(trainings, canvas);
  const lines = layTrainings(trainings.slice(0, most - 1), canvas);
  const more = trainings.length - most + 1;
  const words = `  ${plural(more, 'training')} more: gardener history ${operands(name)}`;
  return [...lines, paint('dim', cutText(printable(words), columns, 'end'))];
}

function logLines({ log, note }: About, { columns, paint }: Canvas): string[] {
  const lines = log.map((line) => cutText(printable(line), columns, 'end'));
  const notes = note === undefined ? [] : [paint('dim', cutText(printable(note), columns, 'end'))];
  return lines.length + notes.length === 0
    ? []
    : [paint('dim', cutText('log', columns, 'end')), ...lines, ...notes];
}

function clock(timestamp: string): string {
  const date = new Date(timestamp);
  return Number.isNaN(date.getTime()) ? printable(timestamp) : localClock(date).slice(0, 5);
}

function listed(...parts: readonly string[]): string {
  return parts.filter(Boolean).join(', ');
}
