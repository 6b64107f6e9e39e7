/** What the documents send a reader to is there. */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const FOLDERS = ['src', 'client', 'test', 'docs', 'launchd', 'build', '.github'];
const NAMED = new RegExp(`\`((?:${FOLDERS.join('|').replace('.', String.raw`\.`)})/[^\`\\s]*)\``, 'g');
const PATHS = FOLDERS.flatMap((folder) => [
  folder,
  ...readdirSync(`${ROOT}/${folder}`, { recursive: true, encoding: 'utf8' }).map(
    (path) => `${folder}/${path}`,
  ),
]);

/** A path in which `*` and `{a,b}` stand for what they stand for in a shell. */
function pattern(path: string): RegExp {
  const escaped = path.replace(/\/$/, '').replaceAll(/[.+?^$()[\]\\|]/g, String.raw`\$&`);
  const expanded = escaped
    .replaceAll('*', '[^/]*')
    .replaceAll(/\{([^}]*)\}/g, (_, words: string) => `(${words.replaceAll(',', '|')})`);
  return new RegExp(`^${expanded}$`);
}

test.each(['README.md', 'CONTRIBUTING.md', 'SECURITY.md', 'docs/architecture.md', 'docs/contract.md'])(
  'the files that %s names',
  (document) => {
    const text = readFileSync(`${ROOT}/${document}`, 'utf8');
    const named = [...text.matchAll(NAMED)]
      .map(([, path = '']) => path)
      // A name that the reader is to choose.
      .filter((path) => !path.includes('<'));
    expect(named.filter((path) => !PATHS.some((there) => pattern(path).test(there)))).toEqual([]);
  },
);
