/** `gardener mcp`: serves an agent. */
import { defineCommand } from '../command.ts';
import { UsageError } from '../errors.ts';

const ENDING = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const;

export default defineCommand({
  description: 'Serves an AI agent by the Model Context Protocol on standard input and output.',
  takes: {
    '--allow-work': 'let the agent also claim trainings, report on them and end them',
  },
  examples: {
    'gardener mcp install claude': 'have a program start this for its agent',
    'gardener mcp --allow-work': 'what it starts for one that may take work',
  },
  document: 'none: with --json it is refused',
  async action(ctx, { allowWork = false }) {
    if (ctx.json) throw new UsageError('cannot serve an agent with --json: what is printed is its protocol');
    const { host } = ctx;
    const { stdout, stderr } = process;
    const write = stdout.write.bind(stdout);
    // An agent's program reads only the protocol there: what anybody else prints, from here on, is told on standard error.
    stdout.write = stderr.write.bind(stderr);
    const [{ Session }, { serve }] = await Promise.all([
      import('../../mcp/session.ts'),
      import('../../mcp/serve.ts'),
    ]);
    if (host.stdin.isTTY)
      ctx.note(
        'gardener mcp is for AI agents: it waits for lines of the Model Context Protocol, and Ctrl-D ends it; "gardener mcp install" says how an agent gets it',
      );
    host.leaveSignals();
    const signals = ENDING.filter((name) => !host.ignoredSignals.has(name));
    await serve(new Session((options) => ctx.connect(options)), { allowWork }, write, signals);
  },
});
