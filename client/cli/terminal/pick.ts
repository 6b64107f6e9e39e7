/** A list to choose from, for whoever sits at the terminal: what is typed leaves what has it. */
import type { Context, Host } from '../context.ts';
import { List } from './prompt/list.ts';
import { atTerminal } from './prompt/streams.ts';
import { printable } from './text.ts';

/** What is found is all that there is for the library; it finds nothing out of that. */
const LOOK = { maxItems: 12, withGuide: false, filter: () => true };

export interface Pickable<T> {
  readonly value: T;
  readonly label: string;
  /** Shown beside the label where somebody looks at it; found by what is typed, too. */
  readonly hint?: string | undefined;
  /** What it is found by where that is more than is shown, its name first; default label and hint. */
  readonly words?: readonly string[] | undefined;
}

/** Whether somebody is there who can choose. */
export function canPick({ json, host: { stdin, stderr, env } }: Context): boolean {
  return !json && stdin.isTTY === true && stderr.isTTY === true && env['TERM'] !== 'dumb';
}

/**
 * Asks on standard error for one of them: standard output stays the answer.
 *
 * @returns undefined when none is chosen: by Esc, or because the input ends. Ctrl-C ends the program as elsewhere
 */
export async function pickOne<T>(
  host: Host,
  question: string,
  choices: readonly Pickable<T>[],
): Promise<T | undefined> {
  const { autocomplete } = await import('@clack/prompts');
  const list = new List(host, choices);
  const number = await atTerminal(host, list.toggleAll, (streams) =>
    autocomplete({ ...LOOK, message: printable(question), ...streams, options: list.options }),
  );
  return number === undefined ? undefined : list.at(number).value;
}

/**
 * The same for any number of them; how many are ticked is always to be seen. While something is typed, Enter takes no ticked
 * one that is out of sight: it shows all of them first.
 *
 * @param picked whether it is ticked to begin with
 */
export async function pickMany<T>(
  host: Host,
  question: string,
  choices: readonly Pickable<T>[],
  { picked }: { readonly picked: (value: T) => boolean },
): Promise<T[] | undefined> {
  const { autocompleteMultiselect } = await import('@clack/prompts');
  const list = new List(host, choices, picked);
  const numbers = await atTerminal(host, list.toggleAll, (streams) =>
    autocompleteMultiselect({
      ...LOOK,
      // Asked for each time that it draws.
      get message() {
        return list.counted(question);
      },
      ...streams,
      options: list.options,
    }),
  );
  // In the order of the list, and not of the ticks.
  return numbers?.toSorted((a, b) => a - b).map((number) => list.at(number).value);
}
