/** No server at all: every process has the JSON file to itself, or locks it, or writes without looking. */
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { lock } from 'proper-lockfile';
import writeFileAtomic from 'write-file-atomic';
import { type BenchProject, readProjects, registryText } from '../projects.ts';
import { replaceFile } from '../replace-file.ts';
import type { Contender, Session } from './contender.ts';

const noServer: Pick<Contender, 'unavailable' | 'start'> = {
  unavailable: async () => null,
  start: async () => ({ pid: undefined, stop: async () => undefined }),
};

async function readAll(file: string): Promise<Map<string, BenchProject>> {
  return readProjects(await readFile(file, 'utf8'));
}

function reading(file: string): Pick<Session, 'get' | 'list' | 'close'> {
  return {
    async get(id) {
      const project = (await readAll(file)).get(id);
      if (!project) throw new Error(`no project ${id}`);
      return project;
    },
    list: async () => [...(await readAll(file)).values()],
    close: async () => undefined,
  };
}

/** Reads the file for each question. */
export const fileEachTime: Contender = {
  ...noServer,
  name: 'file each time',
  connect: async ({ file }) => ({
    ...reading(file),
    setStatus: async () => {
      throw new Error('without a lock, writers would undo one another');
    },
  }),
};

/** Locks, reads, changes and writes the file for each change. */
export const lockAndFile: Contender = {
  ...noServer,
  name: 'lock + file',
  connect: async ({ file }) => ({
    ...reading(file),
    async setStatus(id, status) {
      const unlock = await lock(file, { retries: { forever: true, minTimeout: 1, maxTimeout: 20 } });
      try {
        const projects = await readAll(file);
        const project = projects.get(id);
        if (!project) throw new Error(`no project ${id}`);
        project.training_status = status;
        await writeFileAtomic(file, registryText([...projects.values()]), { mode: 0o600 });
      } finally {
        await unlock();
      }
    },
  }),
};

/** Writes the same bytes again and again: what the disk alone costs. */
export const bareLoop: Contender = {
  ...noServer,
  name: 'bare loop',
  async connect({ file }) {
    const bytes = readFileSync(file);
    return { ...reading(file), setStatus: () => replaceFile(file, bytes) };
  },
};
