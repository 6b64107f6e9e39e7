/** The daemon and the model, taken through the same steps. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { temporaryDirectory } from '../../support/home.ts';
import type { Answer, LineClient } from '../../support/lines.ts';
import { type Content, readContent, servedContent } from './content.ts';
import { CODEBASE, Gardenerd } from './gardenerd.ts';
import { Model, type Operation } from './model.ts';
import type { How, Step } from './steps.ts';

/** What stands for a file that is not there yet. */
const EMPTY = '{"version": "1.2", "active_project": null, "projects": {}}';

/** Takes a new daemon and a new model through steps. @throws {Error} when they do not agree after one of them */
export async function expectAgreement(steps: readonly Step[]): Promise<void> {
  const both = await Both.start();
  try {
    for (const step of steps) await both.take(step);
  } finally {
    await both.end();
  }
}

class Both {
  readonly #model = new Model();
  readonly #dataDir: string;
  #daemon: Gardenerd;
  #client: LineClient;

  private constructor(dataDir: string, daemon: Gardenerd, client: LineClient) {
    this.#dataDir = dataDir;
    this.#daemon = daemon;
    this.#client = client;
  }

  static async start(): Promise<Both> {
    const dataDir = await temporaryDirectory();
    const daemon = await new Gardenerd(dataDir).ready();
    return new Both(dataDir, daemon, await daemon.connect());
  }

  async end(): Promise<void> {
    await this.#daemon.kill();
    await rm(this.#dataDir, { recursive: true });
  }

  async take(step: Step): Promise<void> {
    if (step.do === 'batch') await this.#batch(step.operations);
    else if (step.do === 'edit') await this.#edit(step);
    else if (step.do === 'spoil') await this.#spoil(step);
    else if (step.do === 'fail') await this.#fail(step.operation);
    else if (step.do === 'restart') await this.#restart(step.signal);
    else await this.#change(step);
    await this.#compare();
  }

  async #change(operation: Operation): Promise<void> {
    this.#settle(operation, await this.#ask(operation));
  }

  async #ask(operation: Operation): Promise<Answer> {
    const [method, params] = callOf(operation);
    return await this.#client.ask(method, params);
  }

  /** Takes the model through what the daemon has answered to, and compares the answers. */
  #settle(operation: Operation, { result, error }: Answer): void {
    const { project_id = '' } = (result ?? {}) as { project_id?: string };
    assert.equal(error?.code ?? 0, this.#model.apply(operation, project_id));
  }

  async #batch(operations: readonly Operation[]): Promise<void> {
    const calls = operations.map((operation, id) => {
      const [method, params] = callOf(operation);
      return { jsonrpc: '2.0', id, method, params };
    });
    this.#client.send(calls);
    const answers = await this.#client.next<Answer[]>();
    for (const [id, operation] of operations.entries()) {
      const answer = answers.find((answer) => answer.id === id);
      if (!answer) throw new Error(`request ${id} of a batch was not answered`);
      this.#settle(operation, answer);
    }
  }

  /** Does to the file what the operation does to the model. */
  async #edit({ how, edit, noticed }: Extract<Step, { do: 'edit' }>): Promise<void> {
    const id = randomUUID();
    const known = new Set(this.#model.projects.keys());
    if (this.#model.apply(edit, id) !== 0) return;
    const document = await this.#document();
    const projects = Object.entries(
      this.#model.projects.size > 0 ? Object.fromEntries(this.#model.projects) : {},
    );
    document['active_project'] = this.#model.active;
    document['projects'] = Object.fromEntries(
      projects.map(([key, project]) => [
        key,
        known.has(key)
          ? { ...(document['projects'] as Record<string, object>)[key], ...project }
          : { project_id: key, source_path: CODEBASE, ...project },
      ]),
    );
    await this.#write(JSON.stringify(document, null, 2), how);
    if (noticed === 'look') await this.#client.call('registry.reload');
    else await this.#change({ do: 'register', name: 'e', activate: false });
  }

  async #document(): Promise<Record<string, unknown>> {
    const text = await readFile(this.#daemon.paths.registryFile, 'utf8').catch(() => EMPTY);
    return JSON.parse(text) as Record<string, unknown>;
  }

  async #write(text: string, how: How): Promise<void> {
    const { registryFile } = this.#daemon.paths;
    await writeFile(how === 'replace' ? `${registryFile}.new` : registryFile, text);
    if (how === 'replace') await rename(`${registryFile}.new`, registryFile);
  }

  async #spoil({ how, text, end }: Extract<Step, { do: 'spoil' }>): Promise<void> {
    const { registryFile } = this.#daemon.paths;
    const before = await readFile(registryFile, 'utf8').catch(() => EMPTY);
    await this.#write(text, how);
    const refusal = await this.#ask({ do: 'register', name: 'e', activate: true });
    assert.equal(refusal.error?.code, 1009);
    assert.equal(await readFile(registryFile, 'utf8'), text);
    this.#expectModel(await servedContent(this.#client));
    if (end === 'kill') return await this.#restart('SIGKILL');
    await this.#write(before, how);
    await this.#client.call('registry.reload');
  }

  async #fail(operation: Operation): Promise<void> {
    const limit = (bytes: string): Promise<unknown> =>
      promisify(execFile)('prlimit', ['--pid', String(this.#daemon.pid), `--fsize=${bytes}:`]);
    await limit('10');
    const { error } = await this.#ask(operation);
    await limit('unlimited');
    // A change that is refused anyway, or changes nothing, need not be written.
    const written = this.#model.copy();
    const outcome = written.apply(operation, 'new');
    if (outcome !== 0) assert.ok(error?.code === outcome || error?.code === 1010);
    else if (error) assert.deepEqual([error.code, error.data?.['applied']], [1010, false]);
    else assert.deepEqual([operation.do === 'touch', written], [false, this.#model]);
  }

  async #restart(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    this.#daemon.signal(signal);
    await this.#daemon.ended;
    this.#daemon = await new Gardenerd(this.#dataDir).ready();
    this.#client = await this.#daemon.connect();
  }

  async #compare(): Promise<void> {
    const served = await servedContent(this.#client);
    this.#expectModel(served);
    const stored = await readContent(this.#daemon.paths.registryFile).catch((error: unknown) => {
      // Before the first change there is no file.
      if (this.#model.projects.size > 0) throw error;
      return served;
    });
    this.#expectModel(stored);
  }

  #expectModel({ active, projects }: Content): void {
    assert.equal(active, this.#model.active);
    const found = projects.map(({ project_id, name, file_count, training_status }) => [
      project_id,
      { name, file_count, training_status },
    ]);
    assert.deepEqual(found, [...this.#model.projects]);
  }
}

function callOf(operation: Operation): [method: string, params: object] {
  const project = operation.name;
  if (operation.do === 'register') {
    const { name, activate } = operation;
    return ['projects.register', { name, source_path: CODEBASE, activate }];
  }
  if (operation.do === 'count') return ['projects.update', { project, file_count: operation.count }];
  if (operation.do === 'rename') return ['projects.update', { project, name: operation.to }];
  if (operation.do === 'status') return ['projects.set_status', { project, status: operation.status }];
  return [`projects.${operation.do}`, { project }];
}
