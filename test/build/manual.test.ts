/** The manual pages: all that help says is in them, and what they say is shown as it was written. */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { gardenerPage } from '../../build/manual/gardener.ts';
import { gardenerdPage } from '../../build/manual/gardenerd.ts';
import { bold, copied, page, paragraphs, plain, terms, typed } from '../../build/manual/roff.ts';
import { loadAll } from '../../client/cli/command.ts';
import type { Host } from '../../client/cli/context.ts';
import { createProgram } from '../../client/cli/program.ts';
import { OPTIONS } from '../../src/help.ts';
import { requireTools } from '../support/tools.ts';

const DATE = '2026-01-05T08:00:00.000Z';
const root = fileURLToPath(new URL('../..', import.meta.url));

function mandoc(text: string, ...flags: readonly string[]): string {
  const { stdout, stderr } = spawnSync('mandoc', flags, { input: text, encoding: 'utf8' });
  return stdout + stderr;
}

/** As somebody reads it, without what makes it bold, in lines that nothing breaks. */
function shown(text: string): string {
  const wide = mandoc(text, '-Tutf8', '-O', 'width=990');
  return wide.replaceAll(/.[\b]/g, '').replaceAll(/[^\S\n]+/g, ' ');
}

function flat(text: string): string {
  return shown(text).replaceAll(/\s+/g, ' ');
}

describe.each([
  ['gardener', await gardenerPage('1.2.3', DATE)],
  ['gardenerd', gardenerdPage('1.2.3', DATE)],
])('%s(1)', (name, text) => {
  test('has nothing that mandoc warns of', (context) => {
    requireTools(context, 'mandoc');
    expect(mandoc(text, '-Tlint', '-Wwarning')).toBe('');
    // It would see a mistake.
    expect(mandoc(`${text}.XX\n`, '-Tlint', '-Wwarning')).toContain('XX');
  });

  test('is named, dated and of a version, with nothing else that changes', async (context) => {
    requireTools(context, 'mandoc');
    expect(text.split('\n')[0]).toBe(
      `.TH "${name.toUpperCase()}" 1 "2026-01-05" "codebase\\-gardener 1.2.3"`,
    );
    expect(shown(text)).toMatch(new RegExp(`^NAME\\n ${name} - `, 'm'));
  });

  test('has every variable of the environment that is named after the program', (context) => {
    requireTools(context, 'mandoc');
    const sources = ['src', 'client'].flatMap((top) =>
      readdirSync(join(root, top), { recursive: true, encoding: 'utf8' })
        .filter((file) => file.endsWith('.ts'))
        .map((file) => readFileSync(join(root, top, file), 'utf8')),
    );
    const variables = new Set(
      sources.join('\n').match(/\bCODEBASE_GARDENER_(?!PROJECT\b|DAEMON\b)[A-Z_]+[A-Z]\b/g),
    );
    expect(variables.size).toBeGreaterThan(2);
    const words = shown(text);
    for (const variable of [...variables, ...(name === 'gardener' ? ['CODEBASE_GARDENER_PROJECT'] : [])])
      expect(words).toMatch(new RegExp(`^ ${variable}\\b`, 'm'));
  });
});

test('gardener(1) has every command that help lists, with all that it takes, says and shows', async (context) => {
  requireTools(context, 'mandoc');
  const source = await gardenerPage('1.2.3', DATE);
  const program = createProgram({ stdout: {} } as Host, [], () => undefined);
  const all = (await loadAll(program)).filter(([command]) => !command.includes(' __'));
  expect(all.length).toBeGreaterThan(30);
  for (const [command, { description, takes = {}, examples = {}, details = '' }] of all) {
    const [, after = ''] = source.split(`.SS "${command}"\n`);
    const section = flat(page('x', 'y', '1', DATE, { NOTES: after.split(/^\.S[HS] /m, 1) }));
    const flags = Object.keys(takes).map((written) => written.replaceAll(/[<>]/g, ''));
    const said = details.split('\n').map((line) => line.trim().replace(/^- /, ''));
    for (const part of [description, ...Object.entries(examples).flat(), ...flags, ...said])
      expect(section, command).toContain(part.replaceAll(/\s+/g, ' '));
  }
  const words = flat(source);
  for (const command of program.commands) {
    const summary = command.summary();
    if (summary !== '' && command.name() !== 'help')
      expect(words).toContain(` ${command.name()} ${summary} `);
  }
});

test('gardenerd(1) has all that it takes', (context) => {
  requireTools(context, 'mandoc');
  const words = flat(gardenerdPage('1.2.3', DATE));
  for (const [flag, does] of Object.entries(OPTIONS))
    expect(words).toContain(` ${flag.replaceAll(/[<>]/g, '')} ${does.replaceAll('\n', ' ')} `);
});

test('a text is shown as it was written, whatever is in it', (context) => {
  requireTools(context, 'mandoc');
  const HOSTILE = [
    String.raw`C:\new\(em \fBx\fR \\ \e`,
    '.SH no heading',
    "'br no request",
    `"quoted" 'quoted' and \`quoted\``,
    '--a-b -c ~/x ^y $z # %',
    'grün – 日本語',
    '...',
  ];
  const body = HOSTILE.flatMap((text) => [
    ...paragraphs(text),
    ...terms([[bold(text), text]]),
    '.PP',
    copied(text),
    ...paragraphs(`  - ${text}\n  ${text}`),
  ]);
  const words = shown(page('x', 'y', '1', DATE, { NOTES: ['x', ...body] }));
  for (const text of HOSTILE) expect(words.split(text).length - 1, text).toBe(6);
});

test('what is to be replaced is not what is to be typed', () => {
  expect(typed('-n, --lines <n>')).toBe(String.raw`\fB\-n\fR, \fB\-\-lines\fR \fIn\fR`);
  expect(typed('[path...]')).toBe(String.raw`[\fIpath\fR...]`);
  expect(typed('--wait [seconds]')).toBe(String.raw`\fB\-\-wait\fR [\fIseconds\fR]`);
  expect(typed('a [options] -- <command...>')).toBe(
    String.raw`\fBa\fR [\fIoptions\fR] \fB\-\-\fR \fIcommand\fR...`,
  );
  expect(plain('a-b')).toBe(String.raw`a\-b`);
});
