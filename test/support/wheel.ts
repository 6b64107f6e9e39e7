/** The Python client as pip makes it, with what Debian has. */
import { execFile } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { temporaryDirectory } from './home.ts';

const run = promisify(execFile);

/** Another Python that comes first on PATH knows none of Debian's packages. */
export const PYTHON = '/usr/bin/python3';
/** What a test needs that builds. */
export const BUILD_TOOLS = [PYTHON, '/usr/bin/pip3', '/usr/bin/hatchling'];

/** Runs pip. What it needs to build is there already, and nothing is fetched or kept. */
export async function pip(...words: string[]): Promise<void> {
  const offline = ['--no-build-isolation', '--no-deps', '--no-index', '--no-cache-dir', '--quiet'];
  await run(PYTHON, ['-m', 'pip', '--disable-pip-version-check', ...words, ...offline]);
}

/** Builds a wheel of a directory or an sdist, and gives its path. */
export async function wheelOf(source: string): Promise<string> {
  const place = await temporaryDirectory();
  await pip('wheel', '--wheel-dir', place, source);
  const [name = ''] = await readdir(place);
  return join(place, name);
}
