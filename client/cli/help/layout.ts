/** How help is laid out, so that it can be read on a narrow terminal, too. */
import type { Command, Help } from 'commander';
import { wrapText } from '../terminal/wrap.ts';

/** What stands beside a term has so much room at the least; otherwise it stands below it. Columns. */
const LEAST_BESIDE = 30;
const SMALL = '  ';
const LARGE = '      ';

/** In the place of commander's, which wraps nothing where there is little room. */
export function formatItem(this: Help, term: string, width: number, description: string): string {
  const columns = this.helpWidth ?? Infinity;
  if (!description) return SMALL + term;
  const beside = `${SMALL}${term.padEnd(width)}  `;
  const isBeside = columns - beside.length >= LEAST_BESIDE;
  const lines = isBeside
    ? wrapText(description, columns, beside, ' '.repeat(beside.length))
    : [SMALL + term, ...wrapText(description, columns, LARGE)];
  return lines.join('\n');
}

/** Adds paragraphs to the end of a command's help; what is moved in stays as it is. */
export function addParagraphs(command: Command, text: string): void {
  command.addHelpText('after', () => {
    const { helpWidth: columns } = command.createHelp();
    const paragraphs = text
      .split('\n\n')
      .map((paragraph) =>
        paragraph.startsWith(SMALL)
          ? paragraph
          : wrapText(paragraph.replaceAll('\n', ' '), columns).join('\n'),
      );
    return `\n${paragraphs.join('\n\n')}`;
  });
}

/** Adds commands as they are typed, each with what it does; below it where there is no room beside all of them. */
export function addExamples(command: Command, examples: Readonly<Record<string, string>>): void {
  command.addHelpText('after', () => {
    const { helpWidth: columns = Infinity } = command.createHelp();
    const lines = Object.entries(examples);
    const width = Math.max(...lines.map(([typed]) => typed.length));
    const isBeside = lines.every(([, does]) => 4 + width + does.length <= columns);
    const laid = lines.flatMap(([typed, does]) =>
      isBeside
        ? [`${SMALL}${typed.padEnd(width)}  ${does}`]
        : [SMALL + typed, ...wrapText(does, columns, LARGE)],
    );
    return ['\nExamples:', ...laid].join('\n');
  });
}
