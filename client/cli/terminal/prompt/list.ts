/** What a person may choose from, as the prompt library takes it: quick with ten thousand, in lines that fit. */
import type { Option } from '@clack/prompts';
import type { Pickable } from '../pick.ts';
import { sizeOf } from '../size.ts';
import { printable, thousands } from '../text.ts';
import { cutText, textWidth } from '../width.ts';
import type { Host } from '../../context.ts';

/** What of a prompt is ours to see and to set. */
interface Prompt {
  readonly multiple: boolean;
  state: 'initial' | 'active' | 'cancel' | 'submit' | 'error' | 'validating';
  error: string;
  userInput: string;
  filteredOptions: Option<number>[];
  focusedValue: number | undefined;
  selectedValues: number[];
  on(event: 'key', told: (text: string | undefined, key: { readonly name?: string }) => void): void;
  emit(event: 'userInput', text: string): void;
}

/** The choices by number, from 1: the library takes what is false for nothing. */
export class List<T> {
  readonly #columns: number;
  readonly #choices: readonly Pickable<T>[];
  readonly #all: { readonly option: Option<number>; readonly name: string; readonly text: string }[];
  readonly #ticked: number[];
  #prompt: Prompt | undefined;
  #search = '';
  #found: Option<number>[];

  /** @param picked whether it is ticked to begin with */
  constructor(host: Host, choices: readonly Pickable<T>[], picked: (value: T) => boolean = () => false) {
    this.#columns = sizeOf(host.stderr).columns;
    this.#choices = choices;
    this.#all = choices.map(({ label, hint = '', words = [label, hint] }, at) => ({
      option: { value: at + 1, ...this.#fitting(printable(label), printable(hint)) },
      name: (words[0] ?? '').toLowerCase(),
      text: words.join('\n').toLowerCase(),
    }));
    this.#ticked = choices.flatMap(({ value }, at) => (picked(value) ? at + 1 : []));
    this.#found = this.#all.map(({ option }) => option);
  }

  at(number: number): Pickable<T> {
    // oxlint-disable-next-line typescript/no-non-null-assertion -- one of those that were given
    return this.#choices[number - 1]!;
  }

  /** The question, and how many are ticked while that can be changed. */
  counted(question: string): string {
    if (!this.#prompt || /^(submit|cancel)$/.test(this.#prompt.state)) return printable(question);
    const ticked = this.#prompt.selectedValues.length;
    const hidden = this.#hidden();
    return [
      `${printable(question)} (Ctrl-A: all or none)`,
      `${thousands(ticked)} of ${thousands(this.#all.length)} ticked${hidden > 0 ? `, ${thousands(hidden)} out of sight` : ''}`,
    ].join('\n');
  }

  /** How many are ticked that are not among those found. */
  #hidden(): number {
    if (!this.#prompt || this.#found.length === this.#all.length) return 0;
    const found = new Set(this.#found.map(({ value }) => value));
    return this.#prompt.selectedValues.filter((value) => !found.has(value)).length;
  }

  /** Instead of taking what nobody sees, Enter ends the search; the next one takes what is ticked. */
  #holdBack(prompt: Prompt): void {
    const hidden = this.#hidden();
    if (hidden === 0) return;
    prompt.error = `${thousands(hidden)} more ${hidden === 1 ? 'is' : 'are'} ticked; Enter takes all ${thousands(prompt.selectedValues.length)}`;
    prompt.state = 'error';
    prompt.userInput = '';
    prompt.emit('userInput', '');
  }

  /** For the library, which asks at each key: what is found by what is typed, the nearest first. */
  readonly options = ((list: List<T>) =>
    function (this: Prompt): Option<number>[] {
      if (!list.#prompt) {
        list.#prompt = this;
        // The library would look for each in all, and begin with the last one in front.
        this.selectedValues = list.#ticked;
        this.on('key', (_text, { name }) => {
          if (this.multiple && name === 'return') list.#holdBack(this);
        });
      }
      const search = this.userInput.trim().toLowerCase();
      if (search === list.#search) return list.#found;
      list.#search = search;
      list.#found = list.#find(search);
      // Otherwise what was in front stays there for as long as it is found at all.
      this.focusedValue = undefined;
      return list.#found;
    })(this);

  #find(search: string): Option<number>[] {
    const ranks: Option<number>[][] = [[], [], [], []];
    for (const { option, name, text } of this.#all) {
      if (!text.includes(search)) continue;
      const at = name.indexOf(search);
      const rank = name === search ? 0 : at === 0 ? 1 : at > 0 ? 2 : 3;
      ranks[rank]?.push(option);
    }
    return ranks.flat();
  }

  /** Ticks all that are found, or none of them where all are. */
  readonly toggleAll = (): void => {
    if (!this.#prompt?.multiple) return;
    const found = this.#prompt.filteredOptions.map(({ value }) => value);
    const ticked = new Set(this.#prompt.selectedValues);
    const areAll = found.every((value) => ticked.has(value));
    for (const value of found) {
      if (areAll) ticked.delete(value);
      else ticked.add(value);
    }
    this.#prompt.selectedValues = [...ticked];
  };

  /** In a line each, with the mark before it. */
  #fitting(label: string, hint: string): { label: string; hint?: string } {
    const room = Math.max(this.#columns - 4, 8);
    const left = room - textWidth(label) - 3;
    return {
      label: cutText(label, room, 'end'),
      ...(hint && left >= 8 && { hint: cutText(hint, left, 'start') }),
    };
  }
}
