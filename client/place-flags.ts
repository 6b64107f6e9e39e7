/** Commands in advice that work as they stand, whichever registry the caller has chosen. */
import { type Paths, resolvePaths } from '../src/paths.ts';
import { shellWord } from '../src/system/printable.ts';

/**
 * A command of `gardener` with the flags that lead to these paths; as it is where it leads there without any.
 *
 * What the environment of this process said counts as chosen, too: whoever reads the advice of a program types it into a
 * shell that need not have the same variables.
 *
 * @param words of the command: `gardener daemon start`
 */
export function commandFor(
  words: string,
  { dataDir, socket, socketAlone }: Pick<Paths, 'dataDir' | 'socket' | 'socketAlone'>,
  env: NodeJS.ProcessEnv = process.env,
): string {
  if (socketAlone) return `${words} --socket ${shellWord(socket)}`;
  // Both or none of them: a flag and a variable of two different people do not belong together.
  const isGiven = Boolean(env['CODEBASE_GARDENER_DATA_DIR'] || env['CODEBASE_GARDENER_SOCKET']);
  // Of this data directory, with the short place that the environment has for a long one.
  const usual = pathsOf({ dataDir }, { ...process.env, CODEBASE_GARDENER_SOCKET: '' })?.socket;
  if (!isGiven && dataDir === pathsOf({}, {})?.dataDir && socket === usual) return words;
  const flags = `${words} --data-dir ${shellWord(dataDir)}`;
  const needsSocket = Boolean(env['CODEBASE_GARDENER_SOCKET']) || socket !== usual;
  return needsSocket ? `${flags} --socket ${shellWord(socket)}` : flags;
}

/** Undefined where nobody knows a home directory: nothing is there by default. */
function pathsOf(...given: Parameters<typeof resolvePaths>): Paths | undefined {
  try {
    return resolvePaths(...given);
  } catch {
    return undefined;
  }
}
