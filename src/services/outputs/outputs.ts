/** The outputs of trainings on the disk: `<data>/projects/<id>/trainings/<token>/`. */
import type { Dirent } from 'node:fs';
import { lstat, mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { InvalidParamsError, RegistryError } from '../../domain/errors.ts';
import type { Project } from '../../domain/project.ts';
import {
  type Output,
  outputOf,
  RESULT_NAMES,
  type ResultField,
  resultsAmong,
  tokenOf,
  TRAININGS,
} from '../../domain/training/output.ts';
import { canBeFollowed } from '../../domain/training/record.ts';
import type { Logger } from '../../log.ts';
import type { Paths } from '../../paths.ts';
import type { Store } from '../../store/store.ts';
import { errorCode, ifMissing, isMissing, systemReason } from '../../system/errors.ts';
import { isWithin, look } from '../directories.ts';
import type { Lanes } from '../lane.ts';
import { inDirectory, type OpenDirectory } from '../trash/open-directory.ts';

interface Place {
  readonly paths: Pick<Paths, 'projectsDir'>;
  readonly lanes: Lanes;
  readonly store: Pick<Store, 'undisturbed'>;
  readonly log: Logger;
}

export class Outputs {
  readonly #place: Place;

  constructor(place: Place) {
    this.#place = place;
  }

  of(id: string, token: number): Output {
    return outputOf(join(this.#place.paths.projectsDir, id), token);
  }

  /**
   * The greatest token, of those that another can follow, that has an output of the project; 0 for none.
   *
   * @throws the system's error where it cannot be told; whoever begins hears of it when the output cannot be made
   */
  async greatestToken(id: string): Promise<number> {
    const path = join(this.#place.paths.projectsDir, id, TRAININGS);
    const names = await this.#place.lanes.projects.ask(() => readdir(path).catch(ifMissing([])));
    const tokens = names.map((name) => tokenOf(name) ?? 0);
    return Math.max(0, ...tokens.filter(canBeFollowed));
  }

  /**
   * Makes the output of a lease that has begun; nothing for a project that was removed meanwhile.
   *
   * @param mayExist for a lease that goes on; default false
   * @throws {RegistryError} `storage_failed`
   */
  async make({ project_id: id, name }: Project, token: number, mayExist = false): Promise<void> {
    const { lanes, store } = this.#place;
    const { directory } = this.of(id, token);
    const make = (): Promise<void> =>
      lanes.projects.ask(() => makeIn(join(directory, '..'), directory, mayExist));
    try {
      await make().catch(async (error: unknown) => {
        if (!isMissing(error)) throw error;
        await store.undisturbed(async (registry) => {
          if (!registry.get(id)) return;
          await lanes.projects.ask(() => mkdir(join(directory, '..'), { recursive: true, mode: 0o700 }));
          await make();
        });
      });
    } catch (error) {
      if (error instanceof RegistryError) throw error;
      throw storageFailed(
        `cannot make a directory for what the training of "${name}" makes: ${directory}: ${reasonOf(error)}`,
      );
    }
  }

  /**
   * The results that a trainer has put into its output, which may be none.
   *
   * @throws {InvalidParamsError} for an output that is a directory no more, or on another disk
   * @throws {RegistryError} `storage_failed` where it cannot be looked at
   */
  async results(id: string, token: number): Promise<Partial<Record<ResultField, string>>> {
    const { lanes } = this.#place;
    const output = this.of(id, token);
    const entries = await lanes.projects
      .ask(() => entriesOf(output.directory))
      .catch((error: unknown) => {
        if (error instanceof InvalidParamsError) throw error;
        throw storageFailed(`cannot look at what the training made: ${output.directory}: ${reasonOf(error)}`);
      });
    const names = new Set<string>();
    for (const entry of entries) {
      // A link that leads nowhere is no result; where it leads may be another disk. Nor is what nobody can read twice.
      const isThere =
        entry.isFile() ||
        entry.isDirectory() ||
        (entry.isSymbolicLink() &&
          (await look(join(output.directory, entry.name), lanes.foreign)).kind !== 'nothing');
      if (isThere) names.add(entry.name);
    }
    const results = resultsAmong(output, names);
    if (Object.keys(results).length > 0) await this.#keep(output.directory);
    return results;
  }

  /** Whether there is something at a path, wherever, as far as its disk tells. */
  async mayBeThere(path: string | null): Promise<boolean> {
    if (path === null) return false;
    const { paths, lanes } = this.#place;
    const { kind } = await look(path, isWithin(path, paths.projectsDir) ? lanes.projects : lanes.foreign);
    return kind !== 'nothing';
  }

  /** Makes an output survive a power cut, as the registry is about to point into it; what is in it is its trainer's to sync. */
  async #keep(directory: string): Promise<void> {
    const { lanes, log } = this.#place;
    for (const above of [join(directory, '..'), join(directory, '..', '..')])
      await lanes.chores
        .ask(() => inDirectory(above, (open) => open.sync()))
        .catch((error: unknown) => {
          log.warn({ err: error, path: above }, 'cannot make the directory of an output survive a power cut');
        });
  }
}

/** Makes a directory in one that must be no link, as nothing is ever taken out of what a link leads to. */
async function makeIn(parent: string, directory: string, mayExist: boolean): Promise<void> {
  if ((await lstat(parent)).isSymbolicLink()) throw new Error(`${parent} is a link; remove it`);
  await mkdir(directory, { mode: 0o700 }).catch((error: unknown) => {
    if (!mayExist || errorCode(error) !== 'EEXIST') throw error;
  });
}

async function entriesOf(directory: string) {
  try {
    return await inDirectory(join(directory, '..'), (parent) =>
      inDirectory(parent.at(directory.slice(directory.lastIndexOf('/') + 1)), async (own) => {
        if ((await own.mount()) !== (await parent.mount()))
          throw refused(directory, 'another disk is mounted there');
        const entries = await readdir(own.at('.'), { withFileTypes: true });
        for (const entry of entries) await requireOwn(own, entry, directory);
        return entries;
      }),
    );
  } catch (error) {
    // Whoever takes their output away has made nothing.
    if (isMissing(error)) return [];
    if (errorCode(error) !== 'ENOTDIR' && errorCode(error) !== 'ELOOP') throw error;
    throw refused(directory, 'it is no directory any more');
  }
}

const NAMES: ReadonlySet<string> = new Set(Object.values(RESULT_NAMES));

/** What is mounted there goes as it came. */
async function requireOwn(own: OpenDirectory, entry: Dirent, directory: string): Promise<void> {
  if (!entry.isDirectory() || !NAMES.has(entry.name)) return;
  const isOwn = await inDirectory(
    own.at(entry.name),
    async (inner) => (await inner.mount()) === (await own.mount()),
  ).catch(ifMissing(true));
  if (!isOwn) throw refused(`${directory}/${entry.name}`, 'another disk is mounted there');
}

function storageFailed(message: string): RegistryError {
  const suggestions = ['see what is wrong there, and gardener doctor; then the same again'];
  return new RegistryError('storage_failed', message, { applied: false, suggestions });
}

function refused(directory: string, reason: string): InvalidParamsError {
  const message = `nothing of ${directory} can be brought into service: ${reason}`;
  return new InvalidParamsError([{ path: 'output', message }]);
}

function reasonOf(error: unknown): string {
  return errorCode(error) === undefined && error instanceof Error ? error.message : systemReason(error);
}
