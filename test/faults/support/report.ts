/** Prints a figure that is worth knowing and too much the machine's own to be held against a limit. */
export function report(text: string): void {
  process.stderr.write(`${text}\n`);
}
