/** Colours, for a terminal that shows them to a person who wants them. */
import { styleText } from 'node:util';

export type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan';
export type Paint = (style: Style, text: string) => string;

/**
 * Gives the painter of a stream: plain text when the stream is no terminal, when `NO_COLOR` holds anything, and on
 * a `dumb` terminal.
 */
export function painter(stream: { readonly isTTY?: boolean | undefined }, env: NodeJS.ProcessEnv): Paint {
  if (!stream.isTTY || env['NO_COLOR'] || env['TERM'] === 'dumb') return (_style, text) => text;
  // Asked above already; Node would look at its own standard output.
  return (style, text) => styleText(style, text, { validateStream: false });
}

/** What colour a training status has. */
export const STATUS_STYLES: Readonly<Record<string, Style>> = {
  not_started: 'dim',
  training: 'cyan',
  completed: 'green',
  failed: 'red',
};
