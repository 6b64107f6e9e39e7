import { describe, expect, test } from 'vitest';
import { Tally } from '../../../client/codebase/files/languages.ts';

function languageOf(...files: string[]): string {
  const tally = new Tally();
  for (const file of files) tally.add(file);
  return tally.language();
}

describe('a codebase of', () => {
  test.each([
    ['python', ['a.py', 'b.py', 'run.sh']],
    ['typescript', ['a.ts', 'b.tsx', 'c.mts', 'd.js']],
    ['typescript', ['a.ts', 'webpack.config.js']],
    ['javascript', ['index.js', 'util.mjs', 'types/index.d.ts', 'types/util.d.ts', 'types/more.d.mts']],
    ['go', ['main.go', 'go.mod', 'Dockerfile', 'deploy.yaml', 'values.yaml', 'chart.yaml', 'README.md']],
    ['rust', ['src/main.rs', 'Cargo.toml']],
    ['kotlin', ['a.kt', 'b.java', 'build.gradle.kts']],
    ['c', ['a.c', 'a.h', 'b.h', 'c.h']],
    ['cpp', ['a.cpp', 'a.h', 'b.h', 'c.h', 'd.py', 'e.py']],
    ['c', ['a.h', 'b.h']],
    ['ruby', ['Gemfile', 'Rakefile', 'app.rb']],
    ['shell', ['install.sh', '.bashrc', 'README.md']],
    ['hcl', ['main.tf', 'variables.tf', 'x.py']],
    ['go', ['main.go', '001.sql', '002.sql', '003.sql']],
    ['sql', ['001.sql', '002.sql', 'README.md']],
    ['html', ['index.html', 'about.html', 'style.css']],
    ['css', ['a.css', 'b.css', 'index.html']],
    ['markdown', ['README.md', 'LICENSE']],
    ['csharp', ['Program.cs', 'app.csproj']],
    ['python', ['notebook.ipynb', 'data.json', 'more.json']],
    ['unknown', ['LICENSE', 'a.bin', '.gitignore', 'noext']],
    ['unknown', []],
  ])('%s: %j', (language, files) => {
    expect(languageOf(...files)).toBe(language);
  });
});

test('names are compared without regard to case, and keys of objects are just names', () => {
  expect(languageOf('MAIN.PY', 'x.PY', 'MAKEFILE')).toBe('python');
  expect(languageOf('constructor', 'a.constructor', '__proto__', 'a.__proto__', 'toString')).toBe('unknown');
});

test('every file counts, known or not', () => {
  const tally = new Tally();
  for (const file of ['a.py', 'LICENSE', 'x.d.ts']) tally.add(file);
  expect(tally.files).toBe(3);
});
