/** A name that completes what somebody has begun to type, in whatever quotes: the shell must read that name, or none is offered. */
import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readShellLine, replacement } from '../../../client/cli/completion/shell-line.ts';
import { temporaryDirectory } from '../../support/home.ts';
import { requireTools } from '../../support/tools.ts';

/** What bash replaces of a word: what is in an open quote, else what follows its last sign outside of quotes. */
function replaced(raw: string, quote: string): string {
  for (let at = raw.length; at > 0; at -= 1) {
    const before = readShellLine(raw.slice(0, at));
    const isOpening =
      quote !== '' && before.quote === quote && readShellLine(raw.slice(0, at - 1)).quote === '';
    const isBreak =
      quote === '' && before.quote === '' && /[=:]/.test(raw[at - 1] ?? '') && raw[at - 2] !== '\\';
    if (isOpening || isBreak) return raw.slice(at);
  }
  return raw;
}

function completed(raw: string, rest: string): { name: string; line: string } | undefined {
  const shell = readShellLine(`gardener show ${raw}`);
  const [, , typed, ...others] = shell.words;
  if (typed === undefined || others.length > 0 || shell.raw !== raw) return undefined;
  const assigned = /^--tag=/.exec(typed)?.[0] ?? '';
  const replaces = replaced(raw, shell.quote);
  const text = replacement(
    typed.slice(assigned.length) + rest,
    shell,
    typed.slice(assigned.length),
    replaces,
  );
  if (text === undefined) return undefined;
  const kept = raw.slice(0, raw.length - replaces.length);
  // bash closes the quote.
  return { name: typed + rest, line: kept + text + readShellLine(kept).quote };
}

test('whatever was typed, bash reads the name', async (context) => {
  requireTools(context, 'bash');
  const piece = fc.constantFrom(
    ...'ab $`\\\'"!~*?{},=:;&|()#<>é'.split(''),
    '--tag=',
    '$(',
    "\\'",
    '" "',
    'b`',
  );
  const word = (from: number) =>
    fc.array(piece, { minLength: from, maxLength: 7 }).map((all) => all.join(''));
  const found = fc.sample(fc.tuple(word(0), word(1)), { numRuns: 3000, seed: 7 }).flatMap(([raw, rest]) => {
    const one = completed(raw, rest);
    return one ? [one] : [];
  });
  expect(found.length).toBeGreaterThan(500);
  const script = 'for word; do read=; eval "read=($word)"; printf "%s\\0" "${read[*]-}"; done';
  const options = { encoding: 'utf8', cwd: await temporaryDirectory(), env: { PATH: '/nowhere' } } as const;
  const lines = found.map(({ line }) => line);
  const read = execFileSync('/bin/bash', ['-c', script, 'bash', ...lines], options)
    .split('\0')
    .slice(0, -1);
  expect(found.map(({ line }, at) => [line, read[at]])).toEqual(found.map(({ line, name }) => [line, name]));
});

test.each([
  ['"$(t', 'ouch x)', undefined],
  ['"$H', 'OME', undefined],
  ['"q\'$', 'x`y', '"q\'\\$x\\`y"'],
  ['--tag=two" "w', 'ords', '--tag=two\\ words'],
  ['--tag="$(t', 'ouch x)', undefined],
  ['~', 'x', '\\~x'],
])('%s and %s', (raw, rest, line) => {
  expect(completed(raw, rest)?.line).toBe(line);
});
