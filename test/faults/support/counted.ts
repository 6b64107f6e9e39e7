/** A daemon with one project, and a number in it that each change sets to the next. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { SCHEMA_FILE } from '../../../src/paths.ts';
import type { Answer, LineClient } from '../../support/lines.ts';
import { until } from '../../support/until.ts';
import { readContent, servedContent } from './content.ts';
import { CODEBASE, Gardenerd, type StartOptions } from './gardenerd.ts';

export class Counted {
  readonly dataDir: string;
  /** What the last change has set the number to, or tried to. */
  count = 0;
  readonly #options: StartOptions;
  #daemon: Gardenerd;
  #client: LineClient;

  private constructor(dataDir: string, options: StartOptions, daemon: Gardenerd, client: LineClient) {
    this.dataDir = dataDir;
    this.#options = options;
    this.#daemon = daemon;
    this.#client = client;
  }

  static async start(dataDir: string, options: StartOptions = {}): Promise<Counted> {
    const daemon = await new Gardenerd(dataDir, options).ready();
    const counted = new Counted(dataDir, options, daemon, await daemon.connect());
    const project = { name: 'one', source_path: CODEBASE, metadata: { count: 0 } };
    await counted.client.call('projects.register', project);
    // With the first file comes the schema beside it, which is no part of any change after that.
    await until(() => existsSync(join(daemon.paths.dataDir, SCHEMA_FILE)), 'the schema is there');
    return counted;
  }

  get daemon(): Gardenerd {
    return this.#daemon;
  }

  get client(): LineClient {
    return this.#client;
  }

  get file(): string {
    return this.#daemon.paths.registryFile;
  }

  /** Starts a daemon again once the last one is gone. */
  async restart(): Promise<void> {
    await this.#daemon.ended;
    await this.succeed();
  }

  /** Starts the next daemon. */
  async succeed(): Promise<void> {
    this.#daemon = await new Gardenerd(this.dataDir, this.#options).ready();
    this.#client = await this.#daemon.connect();
  }

  async change(): Promise<Answer> {
    this.count += 1;
    const metadata = { count: this.count };
    return await this.#client.ask('projects.update', { project: 'one', metadata });
  }

  /** The number that memory and file hold. @throws {Error} when they do not hold the same */
  async agreed(when: string): Promise<number> {
    const served = await servedContent(this.#client);
    const stored = await readContent(this.file);
    if (!isDeepStrictEqual(stored, served)) {
      const both = `file ${JSON.stringify(stored)}, memory ${JSON.stringify(served)}`;
      throw new Error(`the file and the daemon disagree: ${when}: ${both}`);
    }
    return Number(served.projects[0]?.metadata['count']);
  }
}
