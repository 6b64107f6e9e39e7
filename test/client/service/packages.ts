/** The built package, copied under another version, or as another build. */
import { cp, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Build } from '../../../src/version.ts';
import { builtProgram } from '../../support/cli.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

/**
 * Makes a package of this version in a directory, in the place of one that is there already.
 *
 * @param build default the one that is copied
 */
export async function packageOf(version: string, directory: string, build?: Build): Promise<void> {
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
  let rebuilt = 0;
  for (const name of await readdir(join(staged, 'dist'))) {
    if (!name.endsWith('.js')) continue;
    const file = join(staged, 'dist', name);
    const text = await readFile(file, 'utf8');
    let other = text.replace(/(?<=const VERSION = ")[^"]*/, () => {
      changed += 1;
      return version;
    });
    if (build) {
      other = other.replace(/(?<=const BUILD = )\{[^}]*\}/, () => {
        rebuilt += 1;
        return JSON.stringify(build);
      });
    }
    await writeFile(file, other);
  }
  if (changed < 3) throw new Error('the version is not where it was in the bundles');
  if (build && rebuilt < 3) throw new Error('the build is not where it was in the bundles');
  if (build) await writeFile(join(staged, 'dist', 'build.json'), JSON.stringify(build));
  await rm(directory, { recursive: true, force: true });
  await rename(staged, directory);
}
