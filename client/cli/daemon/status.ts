/** `gardener daemon status`: what the daemon is doing. */
import type { Result } from '../../../src/protocol/methods.ts';
import { defineCommand } from '../command.ts';
import { namedTrouble } from '../../reach/program.ts';
import type { Context } from '../context.ts';
import { elsewhere } from '../elsewhere.ts';
import { NotRunningError } from '../errors.ts';
import { printFields } from '../terminal/fields.ts';
import { printTable } from '../terminal/table.ts';
import { byteSize, duration, plural, printable, thousands } from '../terminal/text.ts';
import { managerWords, placeText, releaseText } from './told.ts';
import { whenRunning } from './running.ts';

export default defineCommand({
  description: 'Shows what the daemon is doing, and how long it takes for it. Never starts it.',
  examples: {
    'gardener daemon status': 'what it does, and how fast',
    'gardener daemon status --json | jq .memory_rss': 'one of its figures',
  },
  document: {
    '...daemon.status': 'of the daemon',
  },
  async action(ctx) {
    const found = await whenRunning(ctx, (client) => client.daemon.status());
    if (!found) throw new NotRunningError('the daemon is not running');
    const trouble = namedTrouble(ctx.host.env);
    if (trouble) ctx.note(`warning: ${ctx.tildes(trouble.message)}; ${trouble.remedy}`);
    if (ctx.json) return ctx.printJson(found);
    const { batches } = found;
    printFields(ctx, [
      ['daemon', `running for ${duration(found.uptime_s)}, ${managerWords(found.manager)}`],
      ['which is', placeText(ctx, await elsewhere(ctx, found))],
      ['pid', String(found.pid)],
      ['version', releaseText(found)],
      ['socket', printable(ctx.shortPath(found.socket))],
      ['data', printable(ctx.shortPath(found.data_dir))],
      ['memory', byteSize(found.memory_rss)],
      ['connections', `${thousands(found.connections)}, ${thousands(found.subscriptions)} watching`],
      [
        'writes',
        `${thousands(batches.count)} with ${plural(batches.changes, 'change')}, at most ${thousands(batches.largest)} at once`,
      ],
    ]);
    if (Object.keys(found.requests).length === 0) return;
    ctx.print();
    printLatencies(ctx, found.requests);
  },
});

function printLatencies(ctx: Context, requests: Result<'daemon.status'>['requests']): void {
  const times = ['p50_ms', 'p95_ms', 'p99_ms', 'max_ms'] as const;
  const methods = Object.entries(requests).toSorted(([, a], [, b]) => b.count - a.count);
  printTable(
    ctx,
    [
      { title: 'METHOD' },
      { title: 'CALLS', align: 'right' },
      ...times.map((key) => ({ title: key.replace('_ms', ' ms').toUpperCase(), align: 'right' as const })),
    ],
    methods.map(([method, measured]) => [
      { text: printable(method) },
      { text: thousands(measured.count) },
      ...times.map((key) => ({ text: measured[key].toFixed(2) })),
    ]),
  );
}
