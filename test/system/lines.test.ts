import { expect, test } from 'vitest';
import { Lines } from '../../src/system/lines.ts';

const TEXT = '{"name":"Gärtnerei 🌱"}\n\n{"name":"second"}\nrest';
const EXPECTED = ['{"name":"Gärtnerei 🌱"}', '', '{"name":"second"}'];

/** The lines that these bytes complete. */
function texts(lines: Lines, bytes: Buffer): string[] {
  return Array.from(lines.push(bytes), (line) => String(line));
}

test('lines come out whole wherever the bytes are cut, also inside a character', () => {
  const bytes = Buffer.from(TEXT);
  for (let size = 1; size <= bytes.length; size += 1) {
    const lines = new Lines();
    const found: string[] = [];
    for (let at = 0; at < bytes.length; at += size)
      found.push(...texts(lines, bytes.subarray(at, at + size)));
    expect(found, `pieces of ${size} bytes`).toEqual(EXPECTED);
    expect(texts(lines, Buffer.from('!\n'))).toEqual(['rest!']);
  }
});
