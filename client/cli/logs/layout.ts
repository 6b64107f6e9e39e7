/**
 * How what a trainer printed lies in its file: whole, while it is short; then its first half, a line that says how much
 * was left out, and its end. The line has its place and its length, so that whoever reads the file while it is written
 * can tell where they are after more was left out.
 */

/** What is kept of what a trainer prints, in bytes, once it has ended. */
export const MAX_LOG_BYTES = 8 * 1024 * 1024;
/** The beginning that is kept, in bytes; the line about what was left out stands behind it. */
export const HEAD_BYTES = MAX_LOG_BYTES / 2;
/** The length of that line with the line break before it. */
export const NOTE_BYTES = 64;
/** The end that is kept, in bytes. */
export const TAIL_BYTES = MAX_LOG_BYTES - HEAD_BYTES - NOTE_BYTES;
/** So long the file may be while the trainer runs: to cut it each time would be to write everything again and again. */
export const MAX_FILE_BYTES = 2 * MAX_LOG_BYTES;

const CUTTING = padded('the middle is just being left out');
const NOTE = /^\n\[gardener: (\d{1,16}) bytes are left out here\] *\n$/;

/** The line for so many bytes. */
export function noteOf(leftOut: number): Buffer {
  return padded(`${leftOut} bytes are left out here`);
}

/** The line while what follows it is not to be read. */
export const cuttingNote = (): Buffer => Buffer.from(CUTTING);

/**
 * What stands where the line would be.
 *
 * @returns how many bytes were left out, 0 where it is no such line; null while the file is being cut
 */
export function readNote(bytes: Buffer): number | null {
  if (bytes.equals(CUTTING)) return null;
  return Number(NOTE.exec(bytes.toString('latin1'))?.[1] ?? 0);
}

function padded(text: string): Buffer {
  return Buffer.from(`${`\n[gardener: ${text}]`.padEnd(NOTE_BYTES - 1)}\n`);
}
