/** Text as man(7) has it: https://man.openbsd.org/man.7 */

const ESCAPED: Readonly<Record<string, string>> = {
  '\\': '\\e',
  // What is copied from a page has to be what was written: a hyphen is no minus, nor a curly quote a straight one.
  '-': '\\-',
  "'": '\\(aq',
  '`': '\\(ga',
  '^': '\\(ha',
  '~': '\\(ti',
};

/** Text that stands in a page as it is. */
export function plain(text: string): string {
  const escaped = text.replace(/[\\\-'`^~]/g, (sign) => ESCAPED[sign] ?? sign);
  const ascii = escaped.replace(
    /\P{ASCII}/gu,
    (sign) => `\\[u${sign.codePointAt(0)?.toString(16).toUpperCase().padStart(4, '0')}]`,
  );
  // At the start of a line a full stop begins a request.
  return ascii.replace(/^\./gm, '\\&.');
}

export function bold(text: string): string {
  return `\\fB${plain(text)}\\fR`;
}

/** As help writes what is to be typed: flags and commands as they are, `<project>` to be replaced. */
export function typed(usage: string): string {
  return usage
    .split(/(<[^>]*>|\[[^-\]]*\]|[\s|,]+|[[\]])/)
    .map((part) => {
      const [, open, name, close] = /^([<[])(.*?)((?:\.\.\.)?[>\]])$/.exec(part) ?? [];
      if (name !== undefined) {
        const shown = `\\fI${plain(name)}\\fR${close?.startsWith('...') ? '...' : ''}`;
        return open === '[' ? `[${shown}]` : shown;
      }
      return part === '' || /^[\s[\]|,]+$/.test(part) ? part : bold(part);
    })
    .join('');
}

/** An argument of a request. */
export function quoted(text: string): string {
  return `"${plain(text).replaceAll('"', '\\(dq')}"`;
}

/** Terms, each with what it is. */
export function terms(rows: Iterable<readonly [term: string, text: string]>): string[] {
  return Array.from(rows, ([term, text]) => ['.TP', term, plain(text)]).flat();
}

/** Paragraphs as help has them: below each other, `  - ` for a list, two spaces before what is to be copied. */
export function paragraphs(text: string): string[] {
  const out: string[] = [];
  let kind = '';
  for (const line of text.split('\n')) {
    const now =
      line === '' ? '' : line.startsWith('  - ') ? 'item' : line.startsWith('  ') ? 'copied' : 'prose';
    if (kind === 'copied' && now !== 'copied') out.push('.fi', '.RE');
    if (now === 'prose' && kind !== 'prose') out.push('.PP');
    if (now === 'copied' && kind !== 'copied') out.push('.PP', '.RS 4', '.nf');
    if (now === 'item') out.push('.IP \\(bu 2', plain(line.slice(4)));
    else if (now !== '') out.push(plain(line.trimStart()));
    kind = now;
  }
  return kind === 'copied' ? [...out, '.fi', '.RE'] : out;
}

/** The same for what is short, one below the other. */
export function briefTerms(rows: Iterable<readonly [term: string, text: string]>): string[] {
  const lines = terms(rows).map((line) => (line === '.TP' ? '.TP 14' : line));
  return ['.PD 0', ...lines, '.PD'];
}

/** A command that stays in one line: it will be copied. */
export function copied(command: string): string {
  return bold(command).replaceAll(' ', '\\ ');
}

/** @param date ISO 8601 */
export function page(
  name: string,
  does: string,
  version: string,
  date: string,
  sections: Readonly<Record<string, readonly string[]>>,
): string {
  const about = `1 "${date.slice(0, 10)}" ${quoted(`codebase-gardener ${version}`)}`;
  const body = Object.entries(sections).flatMap(([title, lines]) => [
    `.SH ${quoted(title)}`,
    // A section begins a paragraph.
    ...(lines[0] === '.PP' ? lines.slice(1) : lines),
  ]);
  // Neither stretched nor hyphenated: names and paths are most of it.
  const head = [`.TH ${quoted(name.toUpperCase())} ${about}`, '.ad l', '.nh'];
  return [...head, '.SH NAME', `${plain(name)} \\- ${plain(does)}`, ...body, ''].join('\n');
}
