import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  isUnsure,
  type Key,
  NOTHING_READ,
  readAsItIs,
  readKeys,
} from '../../../../client/cli/watch/keys/keys.ts';

/** As people write of them: names, `<what was pasted>`, and characters. */
function spelled(keys: readonly Key[]): string {
  return keys
    .map((key) => ('name' in key ? key.name : 'typed' in key ? key.typed : `<${key.pasted}>`))
    .join(' ');
}

/** What the pieces are read as, when nothing comes after them. */
function read(...pieces: readonly (string | Buffer)[]): Key[] {
  const keys: Key[] = [];
  let reading = NOTHING_READ;
  for (const piece of pieces) {
    const got = readKeys(reading, Buffer.from(piece as string));
    keys.push(...got.keys);
    ({ reading } = got);
  }
  return [...keys, ...readAsItIs(reading).keys];
}

const TABLE: Readonly<Record<string, readonly [sent: string, keys: string]>> = {
  'letters and signs': ['ab/?', 'a b / ?'],
  'letters of every script': ['é日🌱', 'é 日 🌱'],
  arrows: ['\x1b[A\x1b[B', 'up down'],
  'arrows of a terminal in application mode': ['\x1bOA\x1bOB', 'up down'],
  'pages and ends of xterm': ['\x1b[5~\x1b[6~\x1b[H\x1b[F', 'pageup pagedown home end'],
  'ends of the consoles and rxvt': ['\x1b[1~\x1b[4~\x1b[7~\x1b[8~\x1bOH\x1bOF', 'home end home end home end'],
  'enter, also of the keypad': ['\r\n\x1bOM', 'enter enter enter'],
  'control keys': ['\x03\x08\x7f\x0c\x15\x1a', 'interrupt backspace backspace redraw clear suspend'],
  'control keys that mean nothing': ['\x00\x01\x02\t\x1c\x1f', ''],
  'escape, and more than once': ['\x1b', 'escape'],
  'escape three times': ['\x1b\x1b\x1b', 'escape escape escape'],
  'escape before what ends or stops the program': [
    '\x1b\x03\x1b\x1b\x1a',
    'escape interrupt escape escape suspend',
  ],
  'escape three times, then an arrow with Alt': ['\x1b\x1b\x1b\x1b[Aq', 'escape escape q'],
  'keys with Alt': ['\x1bc\x1bé\x1b\r\x1b\x7f\x1b[\x07q', 'q'],
  'arrows with Alt, as rxvt sends them': ['\x1b\x1b[Aq', 'q'],
  'arrows with Shift and Ctrl': ['\x1b[1;2A\x1b[1;5B\x1b[aq', 'q'],
  'keys that have no use here': ['\x1b[2~\x1b[3~\x1b[11~\x1bOP\x1b[Zq', 'q'],
  'F1 of a Linux console': ['\x1b[[Aq', 'q'],
  'reports of a mouse': ['\x1b[<0;10;20Mq\x1b[<0;10;20mq\x1b[M cuq\x1b[32;99;9Mq', 'q q q q'],
  'that the window has the focus': ['\x1b[I\x1b[Oq', 'q'],
  'answers to what nobody has asked': [
    '\x1b[?62;c\x1b]11;rgb:ff/ff/ff\x07\x1bP1$r0m\x1b\\\x1b]0;c\x1b\\q',
    'q',
  ],
  'an answer without an end': [`\x1b]c${'r'.repeat(65_533)}q\rq`, 'q enter q'],
  'a sequence that another one begins in': ['\x1b[1\x1b[A\x1b]x\x1b[B', 'up down'],
  'a control key within a sequence': ['\x1b[1\x03\x1b]x\x03', 'interrupt interrupt'],
  'what is pasted': ['\x1b[200~cy é\n\x1b[Aq\x1b[201~q', '<c> <y> < > <é> < > <[> <A> <q> q'],
  'a paste without an end': ['\x1b[200~c\x03q', '<c> interrupt q'],
};

test.each(Object.entries(TABLE))('%s are read', (_what, [sent, keys]) => {
  expect(spelled(read(sent))).toBe(keys);
});

test('bytes that are no UTF-8 are left out, and nothing beside them', () => {
  const bytes = [0x61, 0xff, 0x62, 0xc3, 0x63, 0xc0, 0x80, 0xed, 0xa0, 0x80, 0xf5, 0x64, 0xc2, 0x9b];
  expect(spelled(read(Buffer.from(bytes)))).toBe('a b c d');
  const mouse = Buffer.concat([Buffer.from('\x1b[M'), Buffer.from([0x20, 0xe0, 0xff]), Buffer.from('q')]);
  expect(spelled(read(mouse))).toBe('q');
});

test('only an escape waits for what may come', () => {
  const unsure = (sent: string) => isUnsure(readKeys(NOTHING_READ, Buffer.from(sent)).reading);
  expect(['\x1b', '\x1b[', '\x1bO', '\x1b]0;x'].map(unsure)).toEqual([true, true, true, true]);
  expect(['q', '\x1b[A', '\x1b[200~', '\x1b[200~\x1b[20'].map(unsure)).toEqual([false, false, false, false]);
  const half = readKeys(NOTHING_READ, Buffer.from([0xe6, 0x97])).reading;
  expect(isUnsure(half)).toBe(false);
  expect(spelled(readKeys(readAsItIs(half).reading, Buffer.from([0xa5])).keys)).toBe('日');
});

test('what comes in pieces is read as if it came at once', () => {
  const [LONG, ...SHORT] = Object.values(TABLE)
    .map(([text]) => Buffer.from(text))
    .toSorted((a, b) => b.length - a.length) as [Buffer, ...Buffer[]];
  expect(read(LONG.subarray(0, 65_530), LONG.subarray(65_530))).toEqual(read(LONG));
  const sent = fc.oneof(
    fc.constantFrom(...SHORT),
    fc.uint8Array({ maxLength: 12 }).map((bytes) => Buffer.from(bytes)),
    fc
      .constantFrom('\x1b', '\x1b[', '\x1b[M', '\x1b[200~', '\x1b[201~', '\x1b]', 'q', '\x03')
      .map((text) => Buffer.from(text)),
  );
  fc.assert(
    fc.property(
      fc.array(sent, { maxLength: 6 }),
      fc.infiniteStream(fc.integer({ min: 1, max: 9 })),
      (all, sizes) => {
        const whole = Buffer.concat(all);
        const pieces: Buffer[] = [];
        for (let at = 0; at < whole.length;) {
          const size = whole.length > 200 ? 20_011 : sizes.next().value;
          pieces.push(whole.subarray(at, (at += size)));
        }
        expect(read(...pieces)).toEqual(read(whole));
      },
    ),
    { numRuns: 500 },
  );
});
