/** What a person may choose from, as the prompt library takes it: quick with ten thousand, in lines that fit. */
import type { Option } from '@clack/prompts';
import type { Choice } from '../pick.ts';
import { sizeOf } from '../size.ts';
import { printable } from '../text.ts';
import { cutText, textWidth } from '../width.ts';
import type { Host } from '../../context.ts';

/** What of a prompt is ours to see and to set. */
interface Prompt {
  readonly multiple: boolean;
  readonly userInput: string;
  filteredOptions: Option<number>[];
  focusedValue: number | undefined;
  selectedValues: number[];
}

/** The choices by number, from 1: the library takes what is false for nothing. */
export class List<T> {
  readonly #columns: number;
  readonly #choices: readonly Choice<T>[];
  readonly #all: { readonly option: Option<number>; readonly label: string; readonly text: string }[];
  readonly #ticked: number[];
  #prompt: Prompt | undefined;
  #search = '';
  #found: Option<number>[];

  /** @param picked whether it is ticked to begin with */
  constructor(host: Host, choices: readonly Choice<T>[], picked: (value: T) => boolean = () => false) {
    this.#columns = sizeOf(host.stderr).columns;
    this.#choices = choices;
    this.#all = choices.map(({ label, hint = '' }, at) => ({
      option: { value: at + 1, ...this.#fitting(printable(label), printable(hint)) },
      label: label.toLowerCase(),
      text: `${label}\n${hint}`.toLowerCase(),
    }));
    this.#ticked = choices.flatMap(({ value }, at) => (picked(value) ? at + 1 : []));
    this.#found = this.#all.map(({ option }) => option);
  }

  choice(number: number): Choice<T> {
    // oxlint-disable-next-line typescript/no-non-null-assertion -- one of those that were given
    return this.#choices[number - 1]!;
  }

  look(question: string) {
    // What is found is all that there is for the library; it finds nothing out of that.
    return { message: printable(question), maxItems: 12, withGuide: false, filter: () => true };
  }

  /** For the library, which asks at each key: what is found by what is typed, the nearest first. */
  readonly options = ((list: List<T>) =>
    function (this: Prompt): Option<number>[] {
      if (!list.#prompt) {
        list.#prompt = this;
        // The library would look for each in all, and begin with the last one in front.
        this.selectedValues = list.#ticked;
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
    for (const { option, label, text } of this.#all) {
      if (!text.includes(search)) continue;
      const at = label.indexOf(search);
      const rank = label === search ? 0 : at === 0 ? 1 : at > 0 ? 2 : 3;
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
