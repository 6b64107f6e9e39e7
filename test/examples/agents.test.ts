/** What agents do in the README, as it stands there: the server is asked the same, and answers the same. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type Agent, startAgent } from '../support/agent.ts';
import { type CommandLine, commandLine } from '../support/cli.ts';
import type { Loose } from '../support/lines.ts';
import { repository } from '../support/repository.ts';
import { requireTools } from '../support/tools.ts';
import { until } from '../support/until.ts';
import { Readme, requireAllRun } from './readme.ts';
import { projects, type Shell, shell, withPrograms } from './running.ts';

const readme = await Readme.of('README.md');
/** What commands.test.ts and programs.test.ts try. */
const ELSEWHERE = ['$', '', 'bash', 'zsh', 'fish', 'ts', 'python'];
/** As a test's agent calls itself, and as that of the README does. */
const AGENT = ['test 1', 'claude-code 2.1'] as const;
const TIME = /\d{4}-\d\d-\d\dT[\d:.]+Z/g;

/** A project with an adapter, two commits that it does not know, and a worktree. */
async function payments(): Promise<CommandLine> {
  const cli = await commandLine();
  const { root, git, commit } = await repository(cli.home, 'src/payments');
  await git('worktree', 'add', '-q', join(cli.home, 'src/payments-fix'));
  await cli.json(['add', root]);
  const trainer = 'echo weights > "$GARDENER_PROJECT_LORA_ADAPTER_PATH"';
  expect(await cli.run(['train', 'payments', '--', 'sh', '-c', trainer])).toMatchObject({ code: 0 });
  for (const file of ['in/d.py', 'in/e.py']) await commit(file);
  return cli;
}

/** A transcript: whoever asks begins a line, what is answered is indented, and its lines are wrapped. */
function stepsOf(transcript: string): { readonly asked: string; readonly answer: string }[] {
  return transcript.split(/^(?=\S)/m).map((step) => {
    const [asked = '', ...answer] = step.trimEnd().split('\n');
    return { asked, answer: inOneLine(answer.join(' ')) };
  });
}

/** The times of a text are another each time. */
function inOneLine(text: string): string {
  return text.trim().replaceAll(/\s+/g, ' ').replaceAll(TIME, '<time>');
}

/** `…` stands for a part of a word. */
function pattern(answer: string): RegExp {
  const escaped = answer.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
  return new RegExp(`^${escaped.replaceAll('…', String.raw`\S+`)}$`);
}

/** Goes through a transcript with an agent, and with the programs of `running.ts` beside it. */
async function play(transcript: string, agent: Agent, sh: Shell): Promise<void> {
  const beside: Promise<string>[] = [];
  let claimed: Loose | undefined;
  for (const { asked, answer } of stepsOf(transcript)) {
    if (asked.startsWith('$ ')) {
      const done = sh(asked.slice(2));
      if (asked.endsWith('&')) beside.push(done);
      else await done;
      continue;
    }
    const [tool = ''] = asked.split(' ', 1);
    const text = asked.slice(tool.length).replace('…', String(claimed?.['handle']));
    const given = JSON.parse(text) as object;
    // On a busy machine git may take longer than anybody waits for it; whoever claims the same once more is answered the same.
    const { content, structuredContent } = await until(async () => {
      const told = await agent.tell(tool, given);
      return !told.content[0]?.text.includes('is not known') && told;
    }, 'git has told');
    const said = String(content[0]?.text).replace(...AGENT);
    expect(inOneLine(said)).toMatch(pattern(answer));
    if (tool !== 'claim_training') continue;
    claimed = structuredContent;
    const output = claimed?.['output'] as Loose;
    // What a trainer does.
    await writeFile(String(output['lora_adapter_path']), 'weights of the agent');
  }
  await Promise.all(beside);
}

/** What is in service, and what is known of it. */
async function trained(cli: CommandLine): Promise<{ readonly weights: string; readonly metadata: unknown }> {
  const { payments } = await projects(cli);
  const weights = await readFile(String(payments?.['lora_adapter_path']), 'utf8');
  return { weights, metadata: payments?.['metadata'] };
}

test('an agent is told where it is, has the project retrained, and trains it by itself', async (context) => {
  requireTools(context, 'git');
  const cli = await payments();
  const sh = shell(cli, await withPrograms(cli));
  await play(readme.take('text', 'resolve_project', cli.home), await startAgent(cli), sh);
  expect((await trained(cli)).weights).toContain('train.py');

  const worker = await startAgent(cli, ['--allow-work']);
  await play(readme.take('text', 'claim_training', cli.home), worker, sh);
  expect(await trained(cli)).toMatchObject({ weights: 'weights of the agent', metadata: { loss: 0.1 } });
});

test('there is no other transcript in the README', (context) => {
  requireAllRun(context);
  expect(readme.untried(...ELSEWHERE)).toEqual([]);
});
