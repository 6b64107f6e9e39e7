/** What is seen at a glance, as lines: each only where there is something to say. */
import type { WireProject } from '../../../src/domain/encoding.ts';
import { progressBar } from '../terminal/bar.ts';
import type { Context } from '../context.ts';
import { markedPath } from '../projects/gone.ts';
import { BEGIN, origin } from '../projects/resolve.ts';
import {
  duration,
  leftWords,
  operands,
  plural,
  relativeTime,
  shellWord,
  thousands,
} from '../terminal/text.ts';
import { doing, holderOf, progressOf, standing } from '../watch/standing.ts';
import { sinceWhen } from '../watch/state.ts';
import { stateRows } from './state-rows.ts';
import type { Glance, Missing } from './glance.ts';
import type { Here } from './here.ts';
import type { Row } from './layout.ts';

/** So many lines are about one thing at most. */
const MAX_LINES = 3;
/** So many of those that wait are named at most. */
const MAX_NAMED = 5;
const BAR = 12;
const NARROW_BAR = 8;
/** The parts of a line about a training, in the order in which they give way. */
const [DONE, DOING, TIME, HOLDER] = [0, 1, 2, 3];
const GIVES = [HOLDER, DONE, TIME, DOING, DONE, TIME];

export function homeRows(ctx: Context, glance: Glance): Row[] {
  const { registry } = glance;
  return [
    ...hereRows(ctx, glance),
    ...listed(glance.training, (project) => trainingRow(ctx, project), 'gardener watch'),
    ...waitingRows(glance.waiting),
    ...failedRows(ctx, glance.failed),
    ...goneRows(ctx, glance),
    ...glance.stale.map(({ name, ahead }): Row => ({
      label: 'stale',
      subject: name,
      isAligned: true,
      style: 'yellow',
      parts: [
        { forms: [`${plural(ahead ?? 0, 'commit')} since it was trained`, plural(ahead ?? 0, 'commit')] },
      ],
      step: `gardener retrain ${operands(name)}`,
    })),
    registry.project_count === 0 ? noProjects(glance) : trainedRow(ctx, glance),
    ...stateRows(ctx, glance),
  ].map((row) => (row.step === undefined ? row : { ...row, step: ctx.advise(row.step) }));
}

/** With a problem, to register one is not what to do next. */
function noProjects({ registry: { problem } }: Glance): Row {
  return problem
    ? { label: 'projects', parts: [{ forms: ['none'] }] }
    : { label: 'projects', parts: [{ forms: ['none yet'] }], step: BEGIN };
}

function hereRows(ctx: Context, { here, active, gone, registry }: Glance): Row[] {
  const isGone = gone.some(({ project }) => project.project_id === active?.project_id);
  const path = active && markedPath(ctx.shortPath(active.source_path), isGone);
  const activeRow: Row = active
    ? {
        label: 'active',
        subject: active.name,
        style: 'green',
        // Where somebody looks, there is hardly room; of one that is gone it is said below.
        parts: path !== null && ctx.columns === undefined ? [{ forms: [path] }] : [],
      }
    : {
        label: 'active',
        parts: [{ forms: ['none'] }],
        step: here.project || registry.project_count === 0 ? undefined : 'gardener use <project>',
      };
  return [{ ...hereRow(ctx, here), beside: activeRow }];
}

function hereRow(ctx: Context, { project, resolved_by: by, unregistered, problem, remedy }: Here): Row {
  if (problem !== null && !project)
    return { label: 'here', told: ctx.paint('yellow', problem), step: remedy ?? undefined };
  if (unregistered !== null) {
    return {
      label: 'here',
      subject: 'not registered',
      style: 'yellow',
      parts: project ? [{ forms: [`(${project.name} is meant)`], style: 'dim' }] : [],
      step: `gardener add ${unregistered === ctx.cwd() ? '.' : pathWord(ctx, unregistered)}`,
    };
  }
  if (!project) return { label: 'here', parts: [{ forms: ['no project'] }] };
  const reasons = [by && origin({ resolved_by: by }), problem].filter(Boolean);
  const forms = reasons.map((_, at) => `(${reasons.slice(at).join('; ')})`);
  return { label: 'here', subject: project.name, parts: [{ forms, style: 'dim' }] };
}

/** A row for each, and one for those that would be too many, with the command that shows them. */
function listed<T>(all: readonly T[], row: (one: T) => Row, step: string): Row[] {
  const more = all.length - MAX_LINES;
  const rows = all.slice(0, MAX_LINES).map(row);
  if (more <= 0) return rows;
  return [...rows, { label: '', parts: [{ forms: [`and ${thousands(more)} more`], style: 'dim' }], step }];
}

function trainingRow(ctx: Context, project: WireProject): Row {
  const done = progressOf(project);
  // In a table there would be room for 100 %.
  const bars = [BAR, NARROW_BAR, 0].map((width) => progressBar(done, width).replace(/ +/, ' ').trim());
  const { eta_s: left } = project.training ?? {};
  const since = Math.max(0, ctx.host.now() - Date.parse(sinceWhen(project))) / 1000;
  const elapsed = Number.isNaN(since) ? [] : [duration(since)];
  const times = typeof left === 'number' ? [leftWords(left)] : [];
  const stopping = standing(project) === 'stopping' ? ['stopping'] : [];
  return {
    label: 'training',
    subject: project.name,
    isAligned: true,
    style: 'cyan',
    parts: [
      { forms: bars, style: 'cyan' },
      { forms: [[...stopping, doing(project)].filter(Boolean).join(': ')], isProse: true },
      { forms: [[...elapsed, ...times].join(', '), (times[0] ?? elapsed[0]) || ''] },
      { forms: [holderOf(project)], style: 'dim' },
    ],
    gives: GIVES,
  };
}

function waitingRows(waiting: readonly WireProject[]): Row[] {
  if (waiting.length === 0) return [];
  const reasoned = waiting
    .slice(0, MAX_NAMED)
    .map(({ name, retrain_requested: asked }) => (asked?.reason ? `${name} (${asked.reason})` : name));
  const plain = waiting.slice(0, MAX_NAMED).map(({ name }) => name);
  const form = (names: readonly string[]): string => {
    const more = waiting.length - names.length;
    return `${names.join(', ')}${more > 0 ? ` and ${thousands(more)} more` : ''}`;
  };
  const fewer = plain.map((_, at) => form(plain.slice(0, plain.length - at)));
  return [
    {
      label: 'waiting',
      subject: thousands(waiting.length),
      isAligned: true,
      parts: [{ forms: [form(reasoned), ...fewer] }],
      step: 'gardener train --claim -- <command>',
    },
  ];
}

function failedRows(ctx: Context, [last, ...others]: readonly WireProject[]): Row[] {
  if (!last) return [];
  const { name, training } = last;
  const error = training?.error ?? '';
  return [
    {
      label: 'failed',
      subject: name,
      isAligned: true,
      style: 'red',
      parts: [
        { forms: [relativeTime(sinceWhen(last), ctx.host.now())], style: 'dim' },
        // How it ended stands in the lines before.
        { forms: [error.split('\n').at(-1) ?? ''], isProse: true },
        { forms: [others.length > 0 ? `and ${thousands(others.length)} more` : ''], style: 'dim' },
      ],
      gives: [1, 2],
      step: `gardener logs ${operands(name)}`,
    },
  ];
}

function goneRows(ctx: Context, { gone, silent }: Glance): Row[] {
  if (silent) {
    const told = 'cannot be told: a disk does not answer';
    return [{ label: 'gone', told: ctx.paint('yellow', told), step: 'gardener doctor' }];
  }
  // Those of which there is more to say come first.
  const all = gone.toSorted((a, b) => Number(b.moved_to !== null) - Number(a.moved_to !== null));
  return listed(all, (one) => goneRow(ctx, one), 'gardener doctor');
}

function goneRow(ctx: Context, { project: { name, source_path: old }, moved_to: now }: Missing): Row {
  const step = `gardener mv ${operands(name)} ${now === null ? '<directory>' : pathWord(ctx, now)}`;
  const row = { subject: name, isAligned: true, style: 'yellow', step } as const;
  const was = ctx.shortPath(old);
  if (now === null) return { ...row, label: 'gone', parts: [{ forms: [was] }] };
  const history = `${ctx.shortPath(now)} has the same history`;
  return { ...row, label: 'moved?', parts: [{ forms: [`${was} is gone; ${history}`, history] }] };
}

function trainedRow(ctx: Context, { registry, trained: [newest, ...others] }: Glance): Row {
  const total = thousands(registry.project_count);
  if (!newest) return { label: 'trained', parts: [{ forms: [`none of ${total}`] }] };
  const count = `${thousands(others.length + 1)} of ${total}`;
  const name = `${count}, newest ${newest.name}`;
  const when =
    newest.last_trained === null ? [] : [`${name} ${relativeTime(newest.last_trained, ctx.host.now())}`];
  return { label: 'trained', parts: [{ forms: [...when, name, count] }] };
}

/** A path in a command, which a shell takes with `~`. */
function pathWord(ctx: Context, path: string): string {
  const short = ctx.shortPath(path);
  return short.startsWith('~/') ? `~/${shellWord(short.slice(2))}` : shellWord(path);
}
