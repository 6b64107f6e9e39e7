/**
 * Loaded into a program before it starts: its clock is a file and stands still in between, so that a picture made
 * tomorrow says the same. Timers go on as ever.
 */
import { readFileSync } from 'node:fs';

const file = process.env.PICTURES_CLOCK ?? '';
const RealDate = globalThis.Date;

function now() {
  return RealDate.parse(readFileSync(file, 'utf8'));
}

globalThis.Date = class Date extends RealDate {
  constructor(...values) {
    super(...(values.length === 0 ? [now()] : values));
  }

  static now() {
    return now();
  }
};

performance.now = now;
