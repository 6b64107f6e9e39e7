/** Which sources a build is made of: `build.json` in `dist/` says it, and so does a daemon of its own build. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Build } from '../src/version.ts';

/** What a build depends on, by its path from the root of the work tree. */
const SOURCE =
  /^(?:src|client|build)\/.*\.ts$|^(?:package(?:-lock)?|tsconfig(?:\.build)?)\.json$|^rolldown\.config\.ts$/;

/** The id that a build of these sources has: the same for the same sources, whoever builds them, and when. */
export function sourcesId(root: string): string {
  const names = ['src', 'client', 'build'].flatMap((top) =>
    readdirSync(join(root, top), { recursive: true, encoding: 'utf8' }).map((name) => join(top, name)),
  );
  const hash = createHash('sha256');
  for (const name of [...readdirSync(root), ...names].filter((path) => SOURCE.test(path)).toSorted()) {
    const content = readFileSync(join(root, name));
    hash.update(`${name}\n${content.length}\n`).update(content);
  }
  return hash.digest('hex').slice(0, 12);
}

/** The id of what is built; undefined where nothing is. */
export function builtId(root: string): string | undefined {
  try {
    return (JSON.parse(readFileSync(join(root, 'dist', 'build.json'), 'utf8')) as Build).id;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
