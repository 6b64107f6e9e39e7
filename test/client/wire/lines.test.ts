import { expect, test } from 'vitest';
import { Lines } from '../../../client/wire/lines.ts';

const TEXT = '{"name":"Gärtnerei 🌱"}\n\n{"name":"second"}\nrest';
const EXPECTED = ['{"name":"Gärtnerei 🌱"}', '', '{"name":"second"}'];

test('lines come out whole wherever the bytes are cut, also inside a character', () => {
  const bytes = Buffer.from(TEXT);
  for (let size = 1; size <= bytes.length; size += 1) {
    const lines = new Lines();
    const found: string[] = [];
    for (let at = 0; at < bytes.length; at += size) found.push(...lines.push(bytes.subarray(at, at + size)));
    expect(found, `pieces of ${size} bytes`).toEqual(EXPECTED);
    expect([...lines.push(Buffer.from('!\n'))]).toEqual(['rest!']);
  }
});
