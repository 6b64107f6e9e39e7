/**
 * The registry that one would write in an afternoon: a map in memory, and for each change the whole file written
 * through a temporary one. What the servers of the other contenders hold.
 */
import { readFileSync } from 'node:fs';
import { type BenchProject, readProjects, registryText } from '../projects.ts';
import { replaceFile } from '../replace-file.ts';

export class NaiveRegistry {
  readonly #file: string;
  readonly #projects: Map<string, BenchProject>;
  #writing: Promise<void> = Promise.resolve();

  constructor(file: string) {
    this.#file = file;
    this.#projects = readProjects(readFileSync(file, 'utf8'));
  }

  get(id: string): BenchProject | null {
    return this.#projects.get(id) ?? null;
  }

  list(): BenchProject[] {
    return [...this.#projects.values()];
  }

  async setStatus(id: string, status: string): Promise<void> {
    const write = this.#writing.then(async () => {
      const project = this.#projects.get(id);
      if (!project) throw new Error(`no project ${id}`);
      project.training_status = status;
      await replaceFile(this.#file, Buffer.from(registryText(this.list())));
    });
    this.#writing = write;
    await write;
  }
}
