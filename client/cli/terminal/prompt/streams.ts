/** The terminal for a prompt of the library, which gets keys and draws; as it was before when that ends, however it does. */
import { once } from 'node:events';
import { PassThrough, Writable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import type { CANCEL_SYMBOL } from '@clack/prompts';
import type { Host } from '../../context.ts';
import { letGo } from '../ask.ts';
import { shownCursor, shownDrawing } from '../gate.ts';
import { sizeOf } from '../size.ts';

/** In the place of Ctrl-D that was typed while the terminal still gave lines, and was not read then. */
const TYPED_AHEAD_END = '\0';
const CTRL_A = '\x01';
const CTRL_C = '\x03';
const CTRL_D = '\x04';
const CTRL_E = '\x05';
/**
 * What a terminal obeys is no key; to stop by Ctrl-Z would leave the shell without a cursor; and within what was typed the
 * library shows the cursor in another place than where it is.
 */
// oxlint-disable-next-line no-control-regex -- it is what the expression is about
const NO_KEYS = /[\x02\x06\x1a\x80-\x9f]|\x1b[[O][CDFH]/g;

/** Keys up to one that may end a prompt, or that is for what it has made of those before. */
const PORTION = new RegExp(`^(?:${CTRL_A}|[^${CTRL_A}\\r]*\\r?)`);
/** What is typed or pasted in one go; the library draws at each character, and nobody looks for a longer text. */
const MAX_TYPED = 200;

/** Leaves out what is too much of a text that comes in pieces, up to the next key that is no character. */
function capped(): (text: string) => string {
  let run = 0;
  return (text) =>
    Array.from(text, (character) => {
      run = character < ' ' || character === '\x7f' ? 0 : run + 1;
      return run > MAX_TYPED ? '' : character;
    }).join('');
}

/** Given to a prompt. */
interface Streams {
  readonly input: PassThrough;
  readonly output: Writable;
  /** Ends the prompt where no key can do it any more. */
  readonly signal: AbortSignal;
}

/**
 * Lets a prompt have the terminal. A signal that ends this program gives it back, too.
 *
 * @param all called for Ctrl-A, before the prompt draws again
 * @returns undefined when the person leaves it, or the input ends; Ctrl-C ends this program, as where no prompt is
 */
export async function atTerminal<T>(
  { stdin, stderr, ignoredSignals }: Host,
  all: () => void,
  ask: (streams: Streams) => Promise<T | typeof CANCEL_SYMBOL>,
): Promise<T | undefined> {
  const ended = new AbortController();
  const input = new PassThrough();
  const output = Object.assign(
    new Writable({
      decodeStrings: false,
      write(text: string, _encoding, done) {
        stderr.write(shownDrawing(text));
        done();
      },
    }),
    sizeOf(stderr),
  );
  const decoder = new StringDecoder('utf8');
  const cap = capped();
  let isInterrupted = false;
  let isOver = false;
  let isEnded = false;
  let held = '';
  let isWaiting = false;
  /** Gives the prompt the next portion. */
  const feed = (): void => {
    isWaiting = false;
    if (isOver) return;
    const [keys = ''] = PORTION.exec(held) ?? [];
    held = held.slice(keys.length);
    if (keys === CTRL_A) all();
    if (keys !== '') input.write(keys === CTRL_A ? CTRL_E : keys.replaceAll(CTRL_D, CTRL_C));
    if (held !== '') later();
    else if (isEnded) input.end();
  };
  // The prompt has done with its keys by then: it does nothing that takes longer than a tick.
  const later = (): void => {
    if (!isWaiting) setImmediate(feed);
    isWaiting = true;
  };
  let isFirst = true;
  const typed = (chunk: Buffer): void => {
    const keys = decoder.write(chunk).replace(NO_KEYS, '').replaceAll('\n', '\r');
    // Later it is Ctrl-Space.
    const text = cap(isFirst ? keys.replaceAll(TYPED_AHEAD_END, CTRL_D) : keys);
    isFirst = false;
    isInterrupted ||= text.includes(CTRL_C);
    held += text;
    if (!isWaiting) feed();
  };
  const noMore = (): void => {
    isEnded = true;
    if (!isWaiting) feed();
  };
  const resized = (): void => void Object.assign(output, sizeOf(stderr)).emit('resize');
  const restore = (): void => {
    stdin.setRawMode?.(false);
    stderr.write(shownCursor());
  };
  const end = (name: NodeJS.Signals): void => {
    restore();
    // Not by an exit, at which Node aborts where the terminal is gone.
    process.off(name, end).kill(process.pid, name);
  };
  const endings = (['SIGHUP', 'SIGTERM'] as const).filter((name) => !ignoredSignals.has(name));
  // What was typed before the end counts.
  void once(input, 'end').then(() => ended.abort());
  for (const name of endings) process.on(name, end);
  process.on('exit', restore).on('SIGWINCH', resized);
  stdin.setRawMode?.(true);
  stdin.on('data', typed).on('end', noMore).on('error', noMore).resume();
  try {
    const answer = await ask({ input, output, signal: ended.signal });
    return typeof answer === 'symbol' ? undefined : answer;
  } finally {
    isOver = true;
    restore();
    stdin.off('data', typed).off('end', noMore).off('error', noMore);
    await letGo(stdin);
    // For the next question.
    if (held !== '' && !isEnded) stdin.unshift(held.replaceAll('\r', '\n'));
    process.off('exit', restore).off('SIGWINCH', resized);
    for (const name of endings) process.off(name, end);
    // A terminal that gives keys ends only when it is gone; who is told of that may come later.
    if (input.writableEnded && stdin.setRawMode && endings.includes('SIGHUP'))
      process.kill(process.pid, 'SIGHUP');
    // A terminal that gives Ctrl-C as a key sends no signal.
    if (isInterrupted) process.emit('SIGINT', 'SIGINT');
  }
}
