/** How help is laid out, so that it can be read on a narrow terminal, too. */
import type { Command, Help } from 'commander';
import { wrapText } from '../terminal/wrap.ts';

/** What stands beside a term has so much room at the least; otherwise it stands below it. Columns. */
const LEAST_BESIDE = 30;
const SMALL = '  ';
const LARGE = '      ';

/** In the place of commander's, which wraps nothing where there is little room. */
export function formatItem(term: string, width: number, description: string, help: Help): string {
  const columns = help.helpWidth ?? Infinity;
  if (!description) return SMALL + term;
  const beside = `${SMALL}${term.padEnd(width)}  `;
  const isBeside = columns - beside.length >= LEAST_BESIDE;
  const lines = isBeside
    ? wrapText(description, columns, beside, ' '.repeat(beside.length))
    : [SMALL + term, ...wrapText(description, columns, LARGE)];
  return lines.join('\n');
}

/** Adds text to the end of a command's help. */
export function addParagraphs(command: Command, text: string): void {
  command.addHelpText('after', () => {
    const { helpWidth: columns } = command.createHelp();
    return ['', ...reflowed(text).flatMap((line) => wrapParagraph(line, columns))].join('\n');
  });
}

/** Without the line breaks between lines of which neither is moved in or empty. */
function reflowed(text: string): string[] {
  return text.replaceAll(/(?<=\S)(?<!^ .*)\n(?=\S)/gm, ' ').split('\n');
}

/** What is to be copied stays in one line. */
function wrapParagraph(line: string, columns: number | undefined): string[] {
  if (line.startsWith('  - ')) return wrapText(line.slice(4), columns, '  - ', '    ');
  return line.startsWith(SMALL) ? [line] : wrapText(line, columns);
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
