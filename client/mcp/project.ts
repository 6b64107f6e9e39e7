/** A project as a model is shown it: ten fields of what the registry knows, and the same in a line of text. */
import { z } from 'zod';
import type { WireProject } from '../../src/domain/encoding.ts';
import { printable } from '../../src/system/printable.ts';
import { type Client, footingOf } from '../client.ts';
import { goneNow } from '../codebase/gone.ts';
import { type Adapter, ADAPTER_STATES, adaptersOf } from './adapter.ts';
import { noteOf, tellsAbandoned } from './note.ts';
import { plainOrQuoted, quoted } from './words.ts';

/** Fields that are not known, or of which there is nothing to tell, are missing: a model pays for each null. */
export const projectSchema = z.strictObject({
  name: z.string(),
  source_path: z.string(),
  language: z.string(),
  tags: z.array(z.string()).optional(),
  training_status: z.string(),
  adapter: z.enum(ADAPTER_STATES),
  commits_behind: z.int().optional(),
  lora_adapter_path: z.string().optional(),
  last_trained: z.string().optional(),
  /** What else there is to say now: how far a training is, why it failed, that it waits. */
  note: z.string().optional(),
});
/** The project as a tool answers it. */
export type ShownProject = z.input<typeof projectSchema>;

/** What a tool answers that changes how a project stands, and shows nothing else of it. */
export const standingSchema = projectSchema.pick({ name: true, training_status: true, note: true });
export type Standing = z.input<typeof standingSchema>;

export async function showProject(client: Client, project: WireProject): Promise<ShownProject> {
  const [only] = await showProjects(client, [project]);
  return only as ShownProject;
}

/** Projects as a model is shown them, in their order; what the disks have to say is told as far as they do so at once. */
export async function showProjects(
  client: Client,
  projects: readonly WireProject[],
): Promise<ShownProject[]> {
  const [adapters, gone] = await Promise.all([adaptersOf(client, projects), goneOf(client, projects)]);
  return projects.map((project, at) => shown(project, adapters[at] as Adapter, gone.has(project.project_id)));
}

/** Whether the codebase of a project is gone; false where that is not told at once. */
export async function isGone(client: Client, project: WireProject): Promise<boolean> {
  return (await goneOf(client, [project])).has(project.project_id);
}

/** The ids of those whose codebase is gone; of another machine's codebases nothing is to be done here. */
async function goneOf(client: Client, projects: readonly WireProject[]): Promise<ReadonlySet<string>> {
  return footingOf(client).isHere() ? await goneNow(client, projects) : new Set();
}

/** @param isGone whether its codebase is no longer where it was */
export function showStanding(project: WireProject, isGone = false): Standing {
  const { name, training_status } = project;
  const note = noteOf(project, isGone);
  return { name, training_status, ...(note !== undefined && { note }) };
}

/** `"payments": typescript in /home/ada/src/payments; training completed; adapter current; trained 2026-01-05T09:30:00.000Z`. */
export function projectText(project: ShownProject): string {
  const { source_path: path, language, tags } = project;
  const tagged = tags ? `, tags ${tags.map(plainOrQuoted).join(', ')}` : '';
  const { lora_adapter_path: adapter, last_trained: trained } = project;
  return [
    `${quoted(project.name)}: ${plainOrQuoted(language)} in ${plainOrQuoted(path)}${tagged}`,
    trainingWords(project),
    adapterWords(project),
    ...(trained === undefined ? [] : [`trained ${plainOrQuoted(trained)}`]),
    ...(adapter === undefined ? [] : [`adapter at ${plainOrQuoted(adapter)}`]),
    ...noted(project),
  ].join('; ');
}

/** `"payments": training not started; waits for training`. */
export function standingText(standing: Standing): string {
  return [`${quoted(standing.name)}: ${trainingWords(standing)}`, ...noted(standing)].join('; ');
}

function trainingWords({ training_status: status, note }: Standing): string {
  if (status === 'training') return tellsAbandoned(note) ? 'training abandoned' : 'in training';
  return `training ${plainOrQuoted(status).replaceAll('_', ' ')}`;
}

function adapterWords({ adapter, commits_behind: behind = 0 }: ShownProject): string {
  const words = {
    none: 'no adapter',
    current: 'adapter current',
    outdated: 'adapter outdated',
    unknown: 'whether its adapter is current is not known',
  }[adapter];
  return behind > 0 ? `${words} (${behind} ${behind === 1 ? 'commit' : 'commits'} behind the code)` : words;
}

function noted({ note }: Standing): string[] {
  return note === undefined ? [] : [printable(note)];
}

function shown(project: WireProject, adapter: Adapter, isGone: boolean): ShownProject {
  const { name, source_path, language, tags, last_trained } = project;
  const { training_status, note } = showStanding(project, isGone);
  return {
    name,
    source_path,
    language,
    ...(tags.length > 0 && { tags: [...tags] }),
    training_status,
    ...adapter,
    ...(last_trained !== null && { last_trained }),
    ...(note !== undefined && { note }),
  };
}
