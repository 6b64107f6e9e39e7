/** Serves an agent on standard input and output, until the input ends; then this process does, whatever it waits for. */
import { once } from 'node:events';
import { constants } from 'node:os';
import type { Writable } from 'node:stream';
import { serveStdio } from '@modelcontextprotocol/server/stdio';
import { MAX_IN_FLIGHT } from '../../src/protocol/limits.ts';
import { systemCode, systemReason } from '../../src/system/errors.ts';
import { printable } from '../../src/system/printable.ts';
import { pause } from '../wire/deadline.ts';
import { Listening } from './resources/listening.ts';
import { createServer, type ServerOptions } from './server.ts';
import type { Session } from './session.ts';
import { Outgoing } from './stdio/outgoing.ts';
import { Wire } from './stdio/wire.ts';

/** How long answers have that are under way when the input ends, as with `gardener mcp < requests`. Milliseconds. */
const ANSWER_MS = 60;
/** When it ends at the latest, with what is held given back or not. Milliseconds. */
const END_MS = 120;
/** More complaints than that nobody reads. */
const MAX_TOLD = 100;
/** Requests that listen have no answer until they end; of those that have none yet, the wire takes so many and no more. */
const MAX_LISTENING = MAX_IN_FLIGHT / 4;

/** Why it ends. */
type Ending = 'nobody speaks' | NodeJS.Signals | Error;

/**
 * Serves until the input ends, nobody reads the output any more, or one of the signals comes, and then ends this process.
 *
 * @param write what writes to standard output
 */
export async function serve(
  session: Session,
  options: ServerOptions,
  write: Writable['write'],
  signals: readonly NodeJS.Signals[],
): Promise<never> {
  const { stdin, stdout, stderr } = process;
  let told = 0;
  const complain = ({ message }: Error): void => {
    told += 1;
    if (told <= MAX_TOLD) stderr.write(`gardener mcp: ${printable(message)}\n`);
  };
  const ending = new AbortController();
  const end = (why: Ending): void => ending.abort(why);
  const output = new Outgoing(stdout, write, end);
  const wire = new Wire(stdin, output, {
    introduced: (name, version) => session.introduce(name, version),
    failed: end,
  });
  // A program that was killed may leave an error instead of an end.
  for (const event of ['end', 'error', 'close']) stdin.on(event, () => end('nobody speaks'));
  for (const name of signals) process.on(name, end);
  const transport = new Listening(wire, session.updates);
  const handle = serveStdio(() => createServer(session, options), {
    transport,
    maxSubscriptions: MAX_LISTENING,
    onerror: complain,
  });

  await once(ending.signal, 'abort');

  const why = ending.signal.reason as Ending;
  const code = exitCode(why);
  setTimeout(() => process.exit(code), END_MS);
  if (why === 'nobody speaks') await Promise.race([wire.answered(), pause(ANSWER_MS, undefined)]);
  else if (why instanceof Error && code !== 0) complain(new Error(reasonOf(why)));
  await handle.close();
  await session.close();
  await output.flushed();
  process.exit(code);
}

/** Only writing fails with an error of the system's. */
function reasonOf(why: Error): string {
  return `cannot ${systemCode(why) === null ? 'go on' : 'write the answer'}: ${systemReason(why)}`;
}

/** Of a signal, what a shell has for it; that nobody reads any more is an end like any other. */
function exitCode(why: Ending): number {
  if (why instanceof Error) return 'code' in why && why.code === 'EPIPE' ? 0 : 1;
  return why === 'nobody speaks' ? 0 : 128 + constants.signals[why];
}
