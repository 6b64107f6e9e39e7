/** Colours, for a terminal that shows them to a person who wants them. */
export type Style = 'bold' | 'dim' | 'inverse' | 'red' | 'green' | 'yellow' | 'cyan';
export type Paint = (style: Style, text: string) => string;

interface Stream {
  readonly isTTY?: boolean | undefined;
}

/** Gives the painter of a stream: of plain text where it takes no colours. What is painted has to go through the gate. */
export function painter(stream: Stream, env: NodeJS.ProcessEnv): Paint {
  if (!takesColours(stream, env)) return plainly;
  return (style, text) => {
    const [on, off] = CODES[style];
    return `\x1b[${MARK};${on}m${text}\x1b[${MARK};${off}m`;
  };
}

/** For whatever programs read. */
export const plainly: Paint = (_style, text) => text;

/**
 * `NO_COLOR` goes before all, as picocolors and Python have it: whoever sets it can or will not read colours, whatever a
 * build sets for its logs. `FORCE_COLOR` then is for or against them whatever the stream and TERM are, as with Node and
 * chalk. Either says nothing while it is empty.
 */
function takesColours(stream: Stream, env: NodeJS.ProcessEnv): boolean {
  const { NO_COLOR, FORCE_COLOR } = env;
  if (NO_COLOR) return false;
  if (FORCE_COLOR) return FORCE_COLOR !== '0' && FORCE_COLOR !== 'false';
  return obeysEscapes(stream, env);
}

/** Whether a line can be drawn again in its place, and painted: on a terminal, unless it is dumb. */
export function obeysEscapes({ isTTY }: Stream, { TERM }: NodeJS.ProcessEnv): boolean {
  return isTTY === true && TERM !== 'dumb';
}

/** What turns each on and off, as ECMA-48 has it. */
const CODES: Readonly<Record<Style, readonly [on: number, off: number]>> = {
  bold: [1, 22],
  dim: [2, 22],
  inverse: [7, 27],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  cyan: [36, 39],
};

/**
 * Stands in the colours of this run until they are sent: text from outside cannot know it, and so cannot hold any. Of
 * numbers as they may stand in a control sequence, so that whoever measures a text takes it for one.
 */
const MARK = Array.from({ length: 3 }, () => Math.floor(1_000 + Math.random() * 9_000)).join(';');

/** A colour that a painter has set; the group is its code. */
export const PAINTED = new RegExp(`\\x1b\\[${MARK};(${Object.values(CODES).flat().join('|')})m`, 'g');

/** What colour a training status has. */
export const STATUS_STYLES: Readonly<Record<string, Style>> = {
  not_started: 'dim',
  training: 'cyan',
  completed: 'green',
  failed: 'red',
};
