/**
 * A project as text: one line for the wire, indented for the file, and the etag of its content.
 *
 * Projects are never changed in place, so each is written out once and the text kept for as long as the
 * project is. Answers and files are then put together from these pieces.
 */
import { hash } from 'node:crypto';
import type { Project, Training } from './project.ts';

/** A project as it goes out. */
export type WireProject = Project & {
  /** Short hash of its content, which callers may give back as `if_etag`. */
  etag: string;
  training: WireTraining | null;
};

export type WireTraining = Training & {
  /** Seconds that it will still take; null where that cannot be told. Only under a lease. */
  eta_s?: number | null | undefined;
};

const wires = new WeakMap<Project, { etag: string; json: string }>();

function wire(project: Project): { etag: string; json: string } {
  let known = wires.get(project);
  if (!known) {
    const content = JSON.stringify(project);
    const etag = hash('sha256', content).slice(0, 16);
    known = { etag, json: `${content.slice(0, -1)},"etag":"${etag}"}` };
    wires.set(project, known);
  }
  return known;
}

/** Hash of what is stored of the project: 16 hexadecimal digits. */
export function etagOf(project: Project): string {
  return wire(project).etag;
}

export function toWire(project: Project): WireProject {
  return { ...project, etag: etagOf(project) };
}

/** The same as `JSON.stringify(toWire(project))`, kept. */
export function wireJson(project: Project): string {
  return wire(project).json;
}
