/**
 * Draws a terminal's lines as an SVG that looks the same wherever it is shown: every run of text is told how wide it
 * is, because nobody knows which font there will be, and blocks are drawn and not written.
 */

const FONT = "ui-monospace, SFMono-Regular, 'SF Mono', Menlo, Consolas, 'DejaVu Sans Mono', monospace";
const FONT_SIZE = 14;
const CELL = { width: 8.4, height: 20 };
const BAR = 34;
const MARGIN = 18;
/** By number of the terminal's palette. The window is dark on every page: so there is one set of colours. */
const COLOURS = {
  1: '#ff7b72',
  2: '#56d364',
  3: '#e3b341',
  6: '#39c5cf',
  8: '#8b949e',
};
const PAPER = '#0d1117';
const INK = '#e6edf3';
const DIM = '#8b949e';
const BLOCKS = { '█': 1, '░': 0.25 };

/**
 * @param title shown in the window's bar, and told to those who cannot see the picture
 * @param columns of the terminal
 */
export function drawTerminal({ title, columns, lines }) {
  const width = Math.ceil(columns * CELL.width + 2 * MARGIN);
  const height = BAR + lines.length * CELL.height + 2 * MARGIN - 6;
  const content = lines.flatMap((cells, row) => [
    ...inverseOf(cells).map((stretch) => drawPaper(stretch, row)),
    ...runsOf(cells.filter(({ text }) => text !== ' ')).map((run) => drawRun(run, row)),
  ]);
  const lamps = ['#ff5f57', '#febc2e', '#28c840'].map(
    (colour, at) => `<circle cx="${20 + at * 20}" cy="${BAR / 2}" r="6" fill="${colour}"/>`,
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escape(title)}">
<title>${escape(title)}</title>
<style>
text { font: ${FONT_SIZE}px ${FONT}; fill: ${INK}; white-space: pre }
.b { font-weight: bold }
.d { fill: ${DIM} }
${Object.entries(COLOURS)
  .map(([number, colour]) => `.c${number} { fill: ${colour} }`)
  .join('\n')}
.i { fill: ${PAPER} }
</style>
<rect x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="10" fill="${PAPER}" stroke="#484f58"/>
<path d="M1 ${BAR}V10.5a9.5 9.5 0 0 1 9.5-9.5h${width - 21}a9.5 9.5 0 0 1 9.5 9.5V${BAR}z" fill="#21262d"/>
${lamps.join('')}
<text class="d" x="${width / 2}" y="${BAR / 2 + 5}" text-anchor="middle">${escape(title)}</text>
${content.join('\n')}
</svg>
`;
}

/** Where a line has ink for paper. */
function inverseOf(cells) {
  const stretches = [];
  for (const { column, width, style } of cells.filter((cell) => cell.style.inverse)) {
    const last = stretches.at(-1);
    if (last?.end === column && sameStyle(last.style, style)) last.end += width;
    else stretches.push({ column, end: column + width, style });
  }
  return stretches;
}

/** What stands together and looks the same; a blank of two columns and more begins another. */
function runsOf(cells) {
  const runs = [];
  for (const { column, text, width, style } of cells) {
    const kind = text in BLOCKS ? text : '';
    const last = runs.at(-1);
    const gap = last ? column - last.end : Number.POSITIVE_INFINITY;
    if (last && gap <= (kind === '' ? 1 : 0) && last.kind === kind && sameStyle(last.style, style)) {
      last.text += ' '.repeat(gap) + text;
      last.end = column + width;
    } else runs.push({ column, text, end: column + width, kind, style });
  }
  return runs;
}

function sameStyle(a, b) {
  return a.colour === b.colour && a.bold === b.bold && a.dim === b.dim && a.inverse === b.inverse;
}

function placeOf({ column, end }, row) {
  return {
    x: number(MARGIN + column * CELL.width),
    top: BAR + MARGIN - 4 + row * CELL.height,
    width: number((end - column) * CELL.width),
  };
}

function drawPaper(stretch, row) {
  const { x, top, width } = placeOf(stretch, row);
  const { colour } = stretch.style;
  return `<rect x="${x}" y="${top}" width="${width}" height="${CELL.height}" fill="${COLOURS[colour] ?? INK}"/>`;
}

function drawRun({ column, text, end, kind, style }, row) {
  const { x, top, width } = placeOf({ column, end }, row);
  const classes = [
    style.colour !== undefined && !style.inverse && `c${style.colour}`,
    style.bold && 'b',
    style.dim && 'd',
    style.inverse && 'i',
  ].filter(Boolean);
  const named = classes.length > 0 ? ` class="${classes.join(' ')}"` : '';
  if (kind !== '') {
    const shade = BLOCKS[kind] === 1 ? '' : ` opacity="${BLOCKS[kind]}"`;
    return `<rect${named} x="${x}" y="${top + 3}" width="${width}" height="${CELL.height - 6}"${shade}/>`;
  }
  return `<text${named} x="${x}" y="${top + 15}" textLength="${width}" lengthAdjust="spacingAndGlyphs">${escape(text)}</text>`;
}

function number(value) {
  return Number(value.toFixed(1));
}

function escape(text) {
  return text.replace(/[&<>"]/g, (character) => `&#${character.codePointAt(0)};`);
}
