/** The least that makes a new content durable: temporary file, fsync, rename, fsync of the directory. */
import { open, rename } from 'node:fs/promises';
import { dirname } from 'node:path';

export async function replaceFile(file: string, bytes: Buffer): Promise<void> {
  const temporary = `${file}.tmp`;
  const handle = await open(temporary, 'w', 0o600);
  await handle.writeFile(bytes);
  await handle.sync();
  await handle.close();
  await rename(temporary, file);
  const directory = await open(dirname(file), 'r');
  await directory.sync();
  await directory.close();
}
