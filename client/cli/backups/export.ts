/** `gardener export`: the projects as a registry file. */
import { lstat, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { WireProject } from '../../../src/domain/encoding.ts';
import { jsonText } from '../../../src/domain/values/text.ts';
import { defineCommand } from '../command.ts';
import { requireAnswer } from '../codebase/disk-answer.ts';
import { errorCode, isMissing, systemReason } from '../../../src/system/errors.ts';
import { LocalError, UsageError } from '../errors.ts';
import { plural, printable, shellWord } from '../terminal/text.ts';

export default defineCommand({
  description: 'Writes all projects as a registry file, which "gardener import" takes.',
  takes: {
    '[file]': { description: 'where to; - is standard output', default: '-' },
    '--force': 'also over a file that exists',
  },
  examples: {
    'gardener export projects.json': 'for another machine: gardener import projects.json',
    "gardener export | jq -r '.projects[].name'": 'on standard output',
  },
  document: {
    'file?': 'where they were written',
    'project_count?': 'how many',
    'version?': 'to standard output: what the file would hold, as it is in files',
    'active_project?': 'to standard output: as it is in files, an id or null',
    'projects?': 'to standard output: by their ids',
  },
  async action(ctx, { file, force }) {
    // The projects in one answer: pages could belong to different moments.
    const [info, { projects }] = await ctx.withClient((client) =>
      Promise.all([client.registry.info(), client.projects.list()]),
    );
    const document = {
      version: info.version,
      active_project: info.active_project,
      projects: Object.fromEntries(projects.map((project) => [project.project_id, stored(project)])),
    };
    if (file === '-') return ctx.printJson(document);
    const path = ctx.absolute(file);
    await requireAnswer(dirname(path), ctx.shortPath(path));
    await write(path, `${jsonText(document, 2)}\n`, force === true);
    if (ctx.json) return ctx.printJson({ file: path, project_count: projects.length });
    ctx.print(`exported ${plural(projects.length, 'project')} to ${ctx.shortPath(printable(path))}`);
  },
});

/** The etag is only on the wire. */
function stored({ etag: _etag, ...project }: WireProject): Omit<WireProject, 'etag'> {
  return project;
}

async function write(path: string, text: string, force: boolean): Promise<void> {
  const staged = force ? `${path}.${process.pid}.tmp` : path;
  try {
    // The user's alone, as the registry is.
    await writeFile(staged, text, { mode: 0o600, flag: 'wx' });
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') throw cannot(path, error);
    // Through no link: a link to a directory is a file that would be replaced.
    const isDirectory = (await lstat(path)).isDirectory();
    throw new UsageError(
      `cannot export to ${printable(path)}: ${isDirectory ? 'it is a directory' : 'there is such a file'}`,
      `gardener export ${isDirectory ? shellWord(join(path, 'registry.json')) : `${shellWord(path)} --force`}`,
    );
  }
  if (!force) return;
  try {
    await rename(staged, path);
  } catch (error) {
    await rm(staged, { force: true });
    throw cannot(path, error);
  }
}

function cannot(path: string, error: unknown): LocalError {
  // What is written is made; what is missing can only be its directory.
  const reason = isMissing(error) ? 'there is no such directory' : systemReason(error);
  return new LocalError(`cannot write ${printable(path)}: ${reason}`, undefined, error);
}
