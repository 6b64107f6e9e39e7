/** Which daemon a client starts: the one that is named, the one of this library's package, or the one on PATH. */
import { accessSync, constants, realpathSync, statSync } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { pathFromEnvironment } from '../../src/paths.ts';
import { type Release, releaseOnDisk } from '../service/version.ts';

/** Program and first arguments. */
export type Command = readonly string[];

/** What becomes a daemon, behind the links to it: `gardener daemon run` does, too. */
const PROGRAM = /\/gardenerd?\.[jt]s$/;

const VARIABLE = 'CODEBASE_GARDENER_DAEMON';

/**
 * The daemon that an option names; undefined for none, which an empty one is.
 *
 * @throws {PathError} where the environment is asked instead, and names a relative path
 */
export function givenDaemon(option: Command | undefined): Command | undefined {
  if (option !== undefined && option.length > 0) return option;
  daemonInEnvironment(process.env);
  return undefined;
}

/**
 * Finds a daemon to start. What was named is taken, or missed: nothing else is looked for then.
 *
 * @param given see {@link givenDaemon}
 * @throws {Error} where there is none; the message goes behind a colon
 */
export function findDaemon(given: Command | undefined, env: NodeJS.ProcessEnv = process.env): Command {
  if (given) return given;
  const named = daemonInEnvironment(env);
  const trouble = namedTrouble(env);
  if (trouble) throw new Error(`${trouble.message}; ${trouble.remedy}`);
  if (named !== undefined) return [named];
  const script = ownProgram();
  if (script !== undefined) return [nodeProgram(env), script];
  const found = onPath('gardenerd', env);
  if (found !== undefined) return [found];
  throw new Error(
    `none is found: neither the option daemon of connect() nor ${VARIABLE} names one, this library is not in its package, and no gardenerd is on PATH; install codebase-gardener, or name its gardenerd`,
  );
}

/**
 * The program that the environment names.
 *
 * @throws {PathError} for a relative path
 */
export function daemonInEnvironment(env: NodeJS.ProcessEnv): string | undefined {
  return pathFromEnvironment(VARIABLE, env);
}

/** What is wrong with the program that the environment names, if anything. */
export function namedTrouble(
  env: NodeJS.ProcessEnv,
): { readonly message: string; readonly remedy: string } | undefined {
  const named = daemonInEnvironment(env);
  if (named === undefined || isExecutable(named)) return undefined;
  return {
    message: `${VARIABLE} leads to ${named}, where no executable file is`,
    remedy: 'set it to the path of gardenerd, or unset it',
  };
}

/**
 * `gardenerd.js`, or its source, as it lies in the package beside this file.
 *
 * @param url of this file, where that is not in what somebody has bundled
 */
export function programBeside(url: string = import.meta.url): string {
  // What is built lies in one directory.
  return fileURLToPath(new URL(url.endsWith('.ts') ? '../../src/gardenerd.ts' : './gardenerd.js', url));
}

/**
 * The release of a program, as it lies on the disk now; without a version where that cannot be told, as of a script
 * around it: whoever asks whether it is newer than another one is told no.
 */
export function releaseOf(command: Command): Release {
  const script = command
    .filter(isAbsolute)
    .map(behindLinks)
    .find((word) => PROGRAM.test(word));
  return script === undefined ? { version: undefined } : releaseOnDisk(script);
}

/** Undefined where this file is a part of somebody's bundle: a program of that name beside it is not ours. */
function ownProgram(): string | undefined {
  // Bundlers leave it out of what they make for CommonJS.
  const url = import.meta.url as string | undefined;
  if (!url?.startsWith('file:')) return undefined;
  const script = programBeside(url);
  return releaseOnDisk(script).version === undefined ? undefined : script;
}

/** Node: what runs this, or the one on PATH where that is another runtime, which the daemon is not made for. */
function nodeProgram(env: NodeJS.ProcessEnv): string {
  const { bun, deno } = process.versions;
  if (bun === undefined && deno === undefined) return process.execPath;
  // Bun may have put itself on PATH, by that name.
  const found = onPath('node', env, (file) => behindLinks(file) !== behindLinks(process.execPath));
  if (found !== undefined) return found;
  throw new Error(
    `it runs in Node.js, and no node is on PATH; install Node.js, or name a program with ${VARIABLE}`,
  );
}

/** An executable file in the first directory of PATH that has one; what is relative there would change with the working directory. */
function onPath(
  name: string,
  { PATH = '' }: NodeJS.ProcessEnv,
  suits: (file: string) => boolean = () => true,
): string | undefined {
  const directories = PATH.split(delimiter).filter((directory) => isAbsolute(directory));
  return directories
    .map((directory) => join(directory, name))
    .find((file) => isExecutable(file) && suits(file));
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    // Absent, not allowed, or below something that is no directory: in any case not to be run.
    return false;
  }
}

function behindLinks(file: string): string {
  try {
    return realpathSync(file);
  } catch {
    // It is not there, which shows when it is to be run.
    return file;
  }
}
