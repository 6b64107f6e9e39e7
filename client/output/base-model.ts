/** Which model an adapter adapts, as PEFT writes it down beside the weights. */
import { lstat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { MAX_BASE_MODEL } from '../../src/domain/limits.ts';
import { isJsonObject } from '../../src/domain/values/json.ts';
import { openPlainFile } from '../../src/system/plain-file.ts';

const CONFIG = 'adapter_config.json';
/** PEFT writes a few hundred bytes. */
const MAX_BYTES = 65_536;

/**
 * The model of an adapter: told in the adapter's directory, or beside its file. Nothing is read through a link.
 *
 * @param adapter absolute; a file or a directory, or nothing yet
 * @returns undefined where it is not told, or not as PEFT tells it
 */
export async function baseModelOf(adapter: string): Promise<string | undefined> {
  const status = await lstat(adapter).catch(() => undefined);
  const own = status?.isDirectory() ? await readBaseModel(join(adapter, CONFIG)) : undefined;
  return own ?? (await readBaseModel(join(dirname(adapter), CONFIG)));
}

async function readBaseModel(path: string): Promise<string | undefined> {
  let config: unknown;
  try {
    config = JSON.parse(await readBounded(path));
  } catch {
    // A note of another program: where there is none, or one that nobody can read, nothing is known.
    return undefined;
  }
  const model = isJsonObject(config) ? config['base_model_name_or_path'] : undefined;
  return typeof model === 'string' && model !== '' && model.length <= MAX_BASE_MODEL ? model : undefined;
}

/** @throws {RangeError} for a file that is longer than such a one is, and the system's errors */
async function readBounded(path: string): Promise<string> {
  const { handle } = await openPlainFile(path, 'refuse');
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(MAX_BYTES + 1));
    if (bytesRead > MAX_BYTES) throw new RangeError(`${path} is too long`);
    return buffer.toString('utf8', 0, bytesRead);
  } finally {
    await handle.close();
  }
}
