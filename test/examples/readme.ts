/** What a readme shows to be typed, and which of it a file of tests has tried. */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

/** The home directory of whoever the examples are written for. */
const ADA = '/home/ada';
const ROOT = fileURLToPath(new URL('../../', import.meta.url));

interface Example {
  /** Of a fence; `$` for a command that a person types, and nothing for one without that. */
  readonly language: string;
  /** The heading that it is under; empty before the first. */
  readonly heading: string;
  readonly text: string;
}

export class Readme {
  readonly #all: readonly Example[];
  readonly #tried = new Set<Example>();

  /** @param path from the root of the repository */
  static async of(path: string): Promise<Readme> {
    return new Readme(await readFile(ROOT + path, 'utf8'));
  }

  constructor(markdown: string) {
    this.#all = markdown.split(/^## /m).flatMap((section, number) => {
      const heading = number === 0 ? '' : String(section.split('\n', 1)[0]);
      const fence = /^```([^\n]*)\n(.*?)^```$/gms;
      const fences = [...section.matchAll(fence)].map(([, language, text = '']) => ({
        language: language || 'none',
        text,
      }));
      const typed = section.replaceAll(fence, '').matchAll(/^ {4}(\$ |)(.+?)(?: {2,}#.*)?$/gm);
      const commands = [...typed].map(([, prompt = '', text = '']) => ({ language: prompt.trim(), text }));
      return [...fences, ...commands].map((example) => ({ ...example, heading }));
    });
  }

  /**
   * Takes the only example of a language that has these words, to try it.
   *
   * @param home put in place of that of whoever the examples are written for
   */
  take(language: string, words: string, home: string): string {
    const found = this.#all.filter(
      (example) => example.language === language && example.text.includes(words),
    );
    if (found.length !== 1) throw new Error(`${found.length} examples of ${language} have ${words}`);
    return this.#take(found).join('').replaceAll(ADA, home);
  }

  /** Takes the commands under a heading, without what is said of them, to try them. */
  takeCommands(heading: string, prompt: '$' | '' = '$'): string[] {
    return this.#take(this.#all.filter((each) => each.heading === heading && each.language === prompt));
  }

  /** What nobody has taken, but for what is of these languages, which another file tries. */
  untried(...elsewhere: readonly string[]): string[] {
    return this.#all
      .filter((example) => !this.#tried.has(example) && !elsewhere.includes(example.language))
      .map(({ heading, text }) => `${heading}: ${text}`);
  }

  #take(examples: readonly Example[]): string[] {
    for (const example of examples) this.#tried.add(example);
    return examples.map(({ text }) => text);
  }
}

/** Skips the test that looks for what was not tried, where the tests that try it were left out. */
export function requireAllRun({
  task,
  skip,
}: {
  readonly task: { readonly file: { readonly tasks: readonly { readonly mode: string }[] } };
  skip(note?: string): never;
}): void {
  if (task.file.tasks.some(({ mode }) => mode === 'skip')) skip('not all tests of this file were run');
}
