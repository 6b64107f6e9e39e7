/**
 * The file's text, put together from pieces that are kept from one write to the next.
 *
 * A change touches one project in thousands. What stands between two changes is the same text as before, so it is
 * kept in runs of about a dozen projects: few enough pieces to be put together quickly, and short enough to be
 * written anew when one of their projects has changed.
 */
import type { Json, Project } from '../../domain/project.ts';

interface Run {
  readonly projects: readonly Project[];
  readonly bytes: Buffer;
}

/** One project in so many begins a run, by its id: what is inserted or removed moves no later run. */
const RUN_LENGTH = 8;
/** For ids that are no chance. */
const LONGEST_RUN = 4 * RUN_LENGTH;

/** By their first projects, which are never changed in place: a run is kept for as long as that one is. */
const runs = new WeakMap<Project, Run>();

const SEPARATOR = Buffer.from(',\n');
/** Around the members of `projects` in a document of its own. */
const BEFORE = '{\n  "projects": {\n';
const AFTER = '\n  }\n}';

/** So many runs are written anew in one turn of the event loop: after a start, all have to be. */
const RUNS_PER_TURN = 64;

/** 2-space indentation and a trailing newline, in pieces that follow one another. */
export async function encodeRegistry(
  projects: Iterable<Project>,
  active: string | null,
  version: string,
  extra: Readonly<Record<string, Json>>,
  previous: string | null,
): Promise<Buffer[]> {
  const { $schema, ...rest } = extra;
  const before = previous === null ? '' : `,\n  "previous_project": ${JSON.stringify(previous)}`;
  // Where editors and people look for it.
  const first = $schema === undefined ? '' : `\n  "$schema": ${indented($schema)},`;
  const head = `{${first}\n  "version": ${JSON.stringify(version)},\n  "active_project": ${JSON.stringify(active)}${before},\n  "projects": {`;
  const all = Array.from(projects);
  const pieces: Buffer[] = [Buffer.from(all.length > 0 ? `${head}\n` : head)];
  let written = 0;
  for (let start = 0; start < all.length;) {
    const end = endOfRun(all, start);
    let run = knownRun(all, start, end);
    if (!run) {
      written += 1;
      if (written % RUNS_PER_TURN === 0) await new Promise((resolve) => setImmediate(resolve));
      run = newRun(all.slice(start, end));
    }
    if (start > 0) pieces.push(SEPARATOR);
    pieces.push(run.bytes);
    start = end;
  }
  let tail = all.length > 0 ? '\n  }' : '}';
  for (const [key, value] of Object.entries(rest)) tail += `,\n  ${JSON.stringify(key)}: ${indented(value)}`;
  pieces.push(Buffer.from(`${tail}\n}\n`));
  return pieces;
}

/** The value of a member of the document. */
function indented(value: Json): string {
  return JSON.stringify(value, null, 2).replaceAll('\n', '\n  ');
}

function endOfRun(all: readonly Project[], start: number): number {
  const limit = Math.min(all.length, start + LONGEST_RUN);
  for (let end = start + 1; end < limit; end += 1) if (beginsRun(all[end] as Project)) return end;
  return limit;
}

function beginsRun({ project_id }: Project): boolean {
  return Number.parseInt(project_id.slice(-2), 16) % RUN_LENGTH === 0;
}

function knownRun(all: readonly Project[], start: number, end: number): Run | null {
  const known = runs.get(all[start] as Project);
  const same =
    known?.projects.length === end - start &&
    known.projects.every((project, n) => project === all[start + n]);
  return same ? known : null;
}

function newRun(projects: readonly Project[]): Run {
  const run = { projects, bytes: Buffer.from(runText(projects)) };
  runs.set(projects[0] as Project, run);
  return run;
}

/** The members of `projects` as they stand in the file, without what is around them. */
function runText(projects: readonly Project[]): string {
  const document = { projects: Object.fromEntries(projects.map((project) => [project.project_id, project])) };
  return JSON.stringify(document, null, 2).slice(BEFORE.length, -AFTER.length);
}
