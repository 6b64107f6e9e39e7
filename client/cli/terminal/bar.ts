/** How far something is, as a bar. */

/**
 * A bar and the percents behind it, always as wide.
 *
 * @param progress from 0 to 1; undefined where nobody knows, of which nothing is shown
 * @param width columns of the bar; with 0 the percents stand alone
 */
export function progressBar(progress: number | undefined, width: number): string {
  if (progress === undefined) return '';
  const percent = `${Math.floor(progress * 100)}%`.padStart(4);
  const full = Math.floor(progress * width);
  return width === 0 ? percent : `${'█'.repeat(full)}${'░'.repeat(width - full)} ${percent}`;
}
