/** An adapter that an agent names: models make up paths, and what is no adapter is not to take the place of one. */
import { opendir, realpath, stat } from 'node:fs/promises';
import { relative } from 'node:path';
import { cutText } from '../../../src/domain/values/text.ts';
import { leadsNowhere, systemCode } from '../../../src/system/errors.ts';
import { answers } from '../../codebase/disk-answer.ts';

const NOTHING = 'there is nothing';
/** Of a path that is quoted; a model pays for each word. UTF-16 units. */
const MAX_SHOWN = 300;
const WHAT_TO_DO = 'name the file or the directory of the adapter, or leave it out for what is in the output';

/**
 * @param path absolute, on a disk of this machine
 * @param source the directory of the codebase
 * @throws {Error} where there is nothing that could be an adapter; nobody can tell where it may not be looked at, or where its
 *   disk does not answer
 */
export async function refuseNoAdapter(path: string, source: string): Promise<void> {
  const why = await whyNone(path, source);
  if (why !== undefined)
    throw new Error(`cannot take ${cutText(path, MAX_SHOWN)} as lora_adapter_path: ${why}; ${WHAT_TO_DO}`);
}

async function whyNone(path: string, source: string): Promise<string | undefined> {
  // No system takes that as a path.
  if (path.includes('\0')) return NOTHING;
  if (!(await answers(path))) return undefined;
  try {
    const found = await stat(path);
    if (found.isFile()) return found.size === 0 ? 'it is empty' : undefined;
    if (!found.isDirectory()) return 'it is neither a file nor a directory';
    if (isAround(await realpath(path), source)) return 'the codebase is in it';
    return (await isEmpty(path)) ? 'it is empty' : undefined;
  } catch (error) {
    const code = systemCode(error);
    if (code === null) throw error;
    return leadsNowhere(error) || code === 'ENAMETOOLONG' ? NOTHING : undefined;
  }
}

function isAround(directory: string, path: string): boolean {
  return !/^\.\.(\/|$)/.test(relative(directory, path));
}

async function isEmpty(path: string): Promise<boolean> {
  const directory = await opendir(path);
  try {
    return (await directory.read()) === null;
  } finally {
    await directory.close();
  }
}
