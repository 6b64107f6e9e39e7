/** Documentation comments, as editors show them under the mouse. */

const WIDTH = 110;

/**
 * A comment of these paragraphs and tags, followed by a line break; nothing where there is nothing to say.
 *
 * @param parts the lines of one that has several stay as they are; another is broken between words
 */
export function comment(parts: readonly (string | undefined)[], indent = ''): string {
  const paragraphs = parts.filter((part) => part !== undefined).map(safe);
  if (paragraphs.length === 0) return '';
  const [first = '', ...others] = paragraphs;
  const short = `${indent}/** ${first} */`;
  if (others.length === 0 && short.length <= WIDTH && !first.includes('\n')) return `${short}\n`;
  // A blank line ends a paragraph; tags stand together.
  const lines = paragraphs.flatMap((part, at) => [
    ...(at === 0 || (part.startsWith('@') && paragraphs[at - 1]?.startsWith('@')) ? [] : ['']),
    ...(part.includes('\n') ? part.split('\n') : broken(part, WIDTH - indent.length - 3)),
  ]);
  return `${indent}/**\n${lines.map((line) => `${indent} * ${line}`.trimEnd()).join('\n')}\n${indent} */\n`;
}

/** A row of a list: where several kinds are possible, an editor shows what is said of each. */
export function row(kind: string, meaning: string): string {
  return `- \`${kind}\`: ${meaning}`;
}

/** Nothing that a description says may end the comment. */
function safe(text: string): string {
  return text.replaceAll('*/', '*\\/');
}

function broken(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width) lines[lines.length - 1] += ` ${word}`;
    else lines.push(word);
  }
  return lines;
}
