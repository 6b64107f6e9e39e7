/** The command line of MCP Inspector, which many use to see what a server offers. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { builtProgram, type CommandLine, commandLine } from '../../support/cli.ts';
import { environment } from '../../support/home.ts';
import { programOf, requireNode } from './programs.ts';

/** Runs a method, which must succeed; gives what it printed. */
async function inspect(
  { home }: CommandLine,
  server: readonly string[],
  words: readonly string[],
): Promise<{ told: Record<string, unknown>; stderr: string }> {
  requireNode('22.19');
  const program = programOf('@modelcontextprotocol/inspector', 'mcp-inspector');
  const command = [
    program,
    '--cli',
    ...words,
    process.execPath,
    builtProgram('gardener.js'),
    'mcp',
    ...server,
  ];
  const { stdout, stderr } = await promisify(execFile)(process.execPath, command, {
    cwd: home,
    env: environment(home),
  });
  return { told: JSON.parse(stdout), stderr };
}

describe.each(['legacy', 'auto', 'modern'])('Inspector, %s', (era) => {
  const speaking = ['--protocol-era', era];

  test.each([[[]], [['--allow-work']]])(
    'finds nothing in the schemas to complain of, with %o',
    async (server) => {
      const cli = await commandLine();
      const { told, stderr } = await inspect(cli, server, [
        ...speaking,
        '--method',
        'tools/list',
        '--strict',
      ]);
      expect(told['tools']).not.toEqual([]);
      expect(stderr).toBe('');
    },
  );

  test('calls a tool', async () => {
    const cli = await commandLine();
    await cli.run(['add', await cli.codebase('payments', { 'main.go': 'package main\n' })]);
    const words = ['--tool-arg', 'project=payments', '--method', 'tools/call', '--tool-name', 'get_project'];
    const { told } = await inspect(cli, [], [...speaking, ...words]);
    expect(told).toMatchObject({ structuredContent: { name: 'payments' } });
  });
});
