/** The built package, copied under another version. */
import { cp, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { builtProgram } from '../../support/cli.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

/** Makes a package of this version in a directory, in the place of one that is there already. */
export async function packageOf(version: string, directory: string): Promise<void> {
  const staged = `${directory}.staged`;
  await mkdir(staged, { recursive: true });
  await cp(dirname(builtProgram('gardener.js')), join(staged, 'dist'), { recursive: true });
  await cp(join(ROOT, 'launchd'), join(staged, 'launchd'), { recursive: true });
  const manifest = await readFile(join(ROOT, 'package.json'), 'utf8');
  const { version: built } = JSON.parse(manifest) as { version: string };
  await writeFile(
    join(staged, 'package.json'),
    manifest.replace(`"version": "${built}"`, `"version": "${version}"`),
  );
  let changed = 0;
  for (const name of await readdir(join(staged, 'dist'))) {
    if (!name.endsWith('.js')) continue;
    const file = join(staged, 'dist', name);
    const text = await readFile(file, 'utf8');
    const other = text.replace(/(?<=const VERSION = ")[^"]*/, () => {
      changed += 1;
      return version;
    });
    await writeFile(file, other);
  }
  if (changed < 3) throw new Error('the version is not where it was in the bundles');
  await rm(directory, { recursive: true, force: true });
  await rename(staged, directory);
}
