/** `gardener mcp`: serves an agent. */
import { defineCommand } from '../command.ts';
import { UsageError } from '../errors.ts';

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
    const [{ Session }, { serve }] = await Promise.all([
      import('../../mcp/session.ts'),
      import('../../mcp/serve.ts'),
    ]);
    const session = new Session((options) => ctx.connect(options));
    await serve(session, { allowWork }, ctx.host.stdin);
  },
});
