import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** The part of a test's context that skips it. */
interface Skippable {
  skip(note?: string): never;
}

/**
 * Says which programs a test needs beside Node. Without one of them the test is skipped and the report says why;
 * with `REQUIRE_TOOLS=1`, as on a machine that is to run everything, it fails.
 *
 * @param names looked for on PATH, or where they say if they contain a slash
 *
 * @example
 * test('a full disk is reported', (context) => {
 *   requireTools(context, 'strace');
 */
export function requireTools(
  context: Skippable,
  names: string | readonly string[],
  env: NodeJS.ProcessEnv = process.env,
): void {
  const missing = [names].flat().filter((name) => !isInstalled(name, env['PATH']));
  if (missing.length === 0) return;
  const note = `needs ${missing.join(' and ')}, which this machine does not have`;
  if (env['REQUIRE_TOOLS'] === '1') throw new Error(`${note}; install it, or unset REQUIRE_TOOLS`);
  context.skip(note);
}

function isInstalled(name: string, path = ''): boolean {
  if (name.includes('/')) return isExecutable(name);
  return path.split(delimiter).some((directory) => directory !== '' && isExecutable(join(directory, name)));
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
