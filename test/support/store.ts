/** A store over a real file in a temporary home. */
import { chmod, chown, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import * as operations from '../../src/domain/changes.ts';
import type { Project } from '../../src/domain/project.ts';
import type { StoreOptions } from '../../src/store/parts.ts';
import { Store } from '../../src/store/store.ts';
import { capturedLog, type LogLine } from './daemon.ts';
import { temporaryDirectory } from './home.ts';

export interface OpenStore {
  readonly store: Store;
  readonly home: string;
  readonly file: string;
  readonly backups: string;
  readonly log: readonly LogLine[];
  /** Registers a project of this name. */
  add(name: string): Promise<Project>;
  /** The names on the disk, in file order. */
  namesOnDisk(): Promise<string[]>;
}

/** What a file of one project looks like when a person writes it. */
export function fileWith(...names: readonly string[]): string {
  const projects = Object.fromEntries(
    names.map((name) => [idOf(name), { project_id: idOf(name), name, source_path: `/src/${name}` }]),
  );
  return `${JSON.stringify({ version: '1.2', active_project: null, projects }, null, 2)}\n`;
}

/** An id that is always the same for a name. */
export function idOf(name: string): string {
  const hex = Buffer.from(name).toString('hex').padEnd(12, '0').slice(0, 12);
  return `00000000-0000-4000-8000-${hex}`;
}

/** Opens a store in a home of its own, or in the one given; it is closed when the test is over. */
export async function openStore(
  options: Partial<Omit<StoreOptions, 'paths'>> & { home?: string; registryFile?: string } = {},
): Promise<OpenStore> {
  const home = options.home ?? (await temporaryDirectory());
  const file = options.registryFile ?? join(home, 'registry.json');
  const backups = join(home, 'backups');
  const { log, lines } = capturedLog();
  const store = await Store.open({
    log,
    ...options,
    paths: { dataDir: home, registryFile: file, backupsDir: backups, undoDir: join(home, 'undo') },
  });
  onTestFinished(() => store.close());
  return {
    store,
    home,
    file,
    backups,
    log: lines,
    add: (name) => store.change((draft, now) => register(draft, name, now)),
    async namesOnDisk() {
      const { projects } = JSON.parse(await readFile(file, 'utf8')) as { projects: Record<string, Project> };
      return Object.values(projects).map(({ name }) => name);
    },
  };
}

/** The operation behind {@link OpenStore.add}. */
function register(draft: Parameters<typeof operations.register>[0], name: string, now: string): Project {
  const id = idOf(name);
  return operations.register(draft, { id, directory: `/p/${id}`, now, name, source_path: `/src/${name}` });
}

const NOBODY = 65_534;

/**
 * Runs with the rights of an ordinary user, since permissions do not bind root; the directories are given to them.
 */
export async function asOrdinaryUser<T>(directories: readonly string[], run: () => Promise<T>): Promise<T> {
  if (process.geteuid?.() !== 0) return await run();
  for (const directory of directories) await chown(directory, NOBODY, NOBODY);
  process.seteuid?.(NOBODY);
  try {
    return await run();
  } finally {
    process.seteuid?.(0);
  }
}

/** Runs while a directory has another mode. */
export async function withMode<T>(directory: string, mode: number, run: () => Promise<T>): Promise<T> {
  await chmod(directory, mode);
  try {
    return await run();
  } finally {
    await chmod(directory, 0o700);
  }
}
