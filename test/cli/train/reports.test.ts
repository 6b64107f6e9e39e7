import { describe, expect, test } from 'vitest';
import { BoundedLines } from '../../../client/cli/train/process/bounded-lines.ts';
import { Tail } from '../../../client/cli/train/process/tail.ts';
import { joinResults, readReport, ReportFault } from '../../../client/cli/train/reports.ts';

const NOTHING = { progress: [], result: [] };
const ROOT = { directory: '/', home: '/home/ada' };
const PLACE = { directory: '/home/ada', home: '/home/ada' };
const LEFT_OUT = 'is NaN or infinite, which JSON cannot carry; it was left out';

describe('a line on the progress descriptor', () => {
  test.each([
    ['{"progress": 0.4}', { progress: 0.4 }],
    [
      '{"progress":1,"phase":"training","message":"epoch 2"}',
      { progress: 1, phase: 'training', message: 'epoch 2' },
    ],
    ['{"details": {"loss": 0.1}}', { details: { loss: 0.1 } }],
    ['{"progress": null, "phase": "saving"}', { phase: 'saving' }],
    ['  {"progress": 0, "epoch": 3}\r', { progress: 0 }],
    ['40%', { progress: 0.4 }],
    ['12.5 %', { progress: 0.125 }],
    ['100% epoch 3 of 3', { progress: 1, message: 'epoch 3 of 3' }],
    [`{"phase": "${'p'.repeat(101)}"}`, { phase: 'p'.repeat(100) }],
    [`{"message": "${'m'.repeat(1001)}"}`, { message: 'm'.repeat(1000) }],
    // Cut before the character that would be halved.
    [`{"message": "${'m'.repeat(999)}🌱"}`, { message: 'm'.repeat(999) }],
    ['{"progress": 1.0000000000000002}', { progress: 1 }],
    ['{"progress": -1e-17}', { progress: 0 }],
  ])('%s is a report', (line, progress) => {
    expect(readReport(line, PLACE)).toEqual({ progress, result: {}, told: NOTHING });
  });

  test.each([
    ['{"progress": 40}', { progress: 1 }, ['progress goes from 0 to 1: 40 was taken for 1']],
    ['101% done', { progress: 1, message: 'done' }, ['progress goes from 0 to 1: 1.01 was taken for 1']],
    ['{"progress": NaN, "phase": "x"}', { phase: 'x' }, [`progress ${LEFT_OUT}`]],
    ['{"progress": NaN}', {}, [`progress ${LEFT_OUT}`]],
    ['{"progress": "40%", "phase": 3}', { phase: '3' }, ['progress is no number; it was left out']],
    ['{"phase": ["x"], "details": []}', {}, ['phase is no text; it was', 'details is no object; it was']],
    [
      '{"details": {"loss": [0.5, -Infinity], "note": "NaN, \\"Infinity", "lr": 1e999}}',
      { details: { loss: [0.5, null], note: 'NaN, "Infinity' } },
      [`details.loss.1 ${LEFT_OUT}`, `details.lr ${LEFT_OUT}`],
    ],
    [
      `{"phase": "x", "details": {"x": "${'é'.repeat(2045)}"}}`,
      { phase: 'x' },
      ['details has 4098 bytes, 4096 are allowed; it was left out'],
    ],
  ])('%s is one in part, and it is said what is not', (line, progress, told) => {
    const some = told.map((text) => expect.stringContaining(text) as string);
    expect(readReport(line, ROOT)).toEqual({ progress, result: {}, told: { ...NOTHING, progress: some } });
  });

  test('may have a result that is taken in part', () => {
    const line = '{"progress": 1, "result": {"file_count": 412, "metadata": {"loss": NaN, "base": "small"}}}';
    expect(readReport(line, ROOT)).toEqual({
      progress: { progress: 1 },
      result: { file_count: 412, metadata: { base: 'small' } },
      told: { ...NOTHING, result: [`result.metadata.loss ${LEFT_OUT}`] },
    });
  });

  test('may tell the result, with a path from the working directory', () => {
    const line =
      '{"result": {"file_count": 412, "lora_adapter_path": "out/adapter", "metadata": {"loss": 0.1}}}';
    expect(readReport(line, PLACE)).toEqual({
      progress: {},
      result: { file_count: 412, lora_adapter_path: '/home/ada/out/adapter', metadata: { loss: 0.1 } },
      told: NOTHING,
    });
    expect(readReport('{"result": {"lora_adapter_path": "/a"}}', ROOT)?.result).toEqual({
      lora_adapter_path: '/a',
    });
    expect(readReport('{"result": null, "progress": 0.5}', ROOT)).toEqual({
      progress: { progress: 0.5 },
      result: {},
      told: NOTHING,
    });
  });

  test.each([
    ['~/adapter', '/home/ada/adapter'],
    ['~', '/home/ada'],
    ['~ada/adapter', '/~ada/adapter'],
    ['a/~/b', '/a/~/b'],
  ])('may name its adapter %s', (path, found) => {
    const line = JSON.stringify({ result: { lora_adapter_path: path } });
    expect(readReport(line, ROOT)?.result).toEqual({ lora_adapter_path: found });
  });

  test.each([
    ['lora_path', '; did you mean lora_adapter_path?'],
    ['loraAdapterPath', '; did you mean lora_adapter_path?'],
    ['adapter', '; did you mean lora_adapter_path?'],
    ['files', '; did you mean file_count?'],
    ['filecount', '; did you mean file_count?'],
    ['metdata', '; did you mean metadata?'],
    ['loss', ''],
    ['__proto__', ''],
    ['x'.repeat(60_000), ''],
  ])('may have a result with a name that is none, which is told: %.20s', (name, meant) => {
    const report = readReport(`{"result": {"${name}": "/y", "file_count": 1}}`, ROOT);
    expect(report?.result).toEqual({ file_count: 1 });
    const told = `result.${name.length > 100 ? `${'x'.repeat(99)}…` : name} is unknown; it was left out${meant}`;
    expect(report?.told.result).toEqual([told]);
  });

  test.each([
    [
      { file_count: 1 },
      { file_count: 2, lora_adapter_path: '/a' },
      { file_count: 2, lora_adapter_path: '/a' },
    ],
    [{ metadata: { a: 1, b: 1 } }, { metadata: { b: 2 } }, { metadata: { a: 1, b: 2 } }],
    [{ metadata: { a: 1 } }, { file_count: 2 }, { metadata: { a: 1 }, file_count: 2 }],
    [{}, { metadata: { a: null } }, { metadata: { a: null } }],
    [{ metadata: { a: { x: 1 } } }, { metadata: { a: { y: 2 } } }, { metadata: { a: { y: 2 } } }],
  ])('adds its result to an earlier one: %j and %j', (one, other, both) => {
    expect(joinResults(one, other, expect.unreachable)).toEqual(both);
  });

  test('takes the place of an earlier one where both are too much, which is told', () => {
    const told: string[] = [];
    const [one, other] = ['a', 'b'].map((name) => ({ metadata: { [name]: 'x'.repeat(10_000) } })) as [
      object,
      object,
    ];
    expect(joinResults({ ...one, file_count: 1 }, other, (what) => told.push(what))).toEqual({
      ...other,
      file_count: 1,
    });
    expect(told).toEqual([
      'result.metadata has 20015 bytes with that of earlier lines, 16384 are allowed; the earlier was left out',
    ]);
  });

  const UTF8 = 'lora_adapter_path is no UTF-8; it was left out';
  test.each([
    [
      '{"result": {"file_count": "412", "lora_adapter_path": "/a"}}',
      { lora_adapter_path: '/a' },
      ['file_count is no whole number; it was left out'],
    ],
    [
      '{"result": {"file_count": 412.0, "lora_adapter_path": 1, "metadata": "x"}}',
      { file_count: 412 },
      ['lora_adapter_path is no text; it was left out', 'metadata is no object; it was left out'],
    ],
    ['{"result": {"file_count": -1}}', {}, ['file_count is no whole number; it was left out']],
    [
      '{"result": {"file_count": NaN, "metadata": {"a": 1}}}',
      { metadata: { a: 1 } },
      ['file_count is no whole'],
    ],
    [
      '{"result": {"lora_adapter_path": "", "file_count": 1}}',
      { file_count: 1 },
      ['lora_adapter_path is empty'],
    ],
    [String.raw`{"result": {"lora_adapter_path": "/a\udcff", "file_count": 1}}`, { file_count: 1 }, [UTF8]],
    ['{"result": {"lora_adapter_path": "/a\udcff", "file_count": 1}}', { file_count: 1 }, [UTF8]],
  ])('may have a result of which a part is left out: %s', (line, result, told) => {
    const report = readReport(line, ROOT);
    expect(report?.result).toEqual(result);
    expect(report?.told.result).toEqual(told.map((text) => expect.stringContaining(`result.${text}`)));
  });

  test('that is blank is none', () => {
    expect(readReport(' \r', ROOT)).toBeUndefined();
  });

  test.each([
    ['epoch 2', 'it is neither JSON nor a percentage'],
    ['{"progress": NaN', 'it is neither JSON nor a percentage'],
    ['{"progress": nan}', 'it is neither JSON nor a percentage'],
    ['[0.4]', 'it is no object'],
    ['0.4', 'it is no object'],
    ['{"pogress": 0.4}', 'it has none of progress, phase, message, details and result'],
  ])('%s is none, and it is said why', (line, why) => {
    expect(() => readReport(line, ROOT)).toThrow(new ReportFault(why));
  });
});

describe('lines of a program', () => {
  /** What is taken of these writes. */
  function taken(...writes: readonly string[]): string[] {
    const lines: string[] = [];
    const reader = new BoundedLines((line) => lines.push(line ?? 'too long'));
    for (const text of writes) reader.push(Buffer.from(text));
    reader.end();
    return lines;
  }

  test('come in pieces, and the last one needs no end', () => {
    expect(taken('4', '0%\n50', '%\n', '\n60%')).toEqual(['40%', '50%', '', '60%']);
  });

  test('that are no UTF-8 have half of a character where bytes are none', () => {
    const lines: (string | undefined)[] = [];
    const reader = new BoundedLines((line) => lines.push(line));
    reader.push(Buffer.from('caf\xe9\n', 'latin1'));
    reader.push(Buffer.from('caf\ufffd\n'));
    expect(lines).toEqual(['caf\udcff', 'caf\ufffd']);
  });

  test('that are too long are told once each, and disturb no other', () => {
    const long = 'x'.repeat(40_000);
    expect(taken(long, long, long, '\n40%\n', long, long, '\n50%')).toEqual([
      'too long',
      '40%',
      'too long',
      '50%',
    ]);
    expect(taken('x'.repeat(64 * 1024), '\n')).toEqual(['x'.repeat(64 * 1024), '']);
  });
});

describe('the end of an output', () => {
  function endOf(...writes: readonly string[]): string[] {
    const tail = new Tail();
    for (const text of writes) tail.push(Buffer.from(text));
    return tail.lines();
  }

  test('has no colours and no control characters', () => {
    expect(endOf('\x1b[1;31merror:\x1b[0m out of memory\x07\n\x1b]0;title\x07done\n')).toEqual([
      'error: out of memory',
      'done',
    ]);
  });

  test('has its lines moved in as they were', () => {
    expect(endOf('error: x\n\tat run\n    at main\n')).toEqual(['error: x', '    at run', '    at main']);
  });

  test('has a progress bar in its last state', () => {
    expect(endOf(' 10%\r 50%\r100%\nsaved\r\n')).toEqual(['100%', 'saved']);
  });

  test('is short, however much was written', () => {
    const lines = Array.from({ length: 100_000 }, (_, number) => `line ${number}\n`);
    expect(endOf(...lines)).toEqual(Array.from({ length: 20 }, (_, number) => `line ${99_980 + number}`));
    const [only = '', ...others] = endOf('x'.repeat(1_000_000));
    expect(others).toEqual([]);
    expect(only).toMatch(/^x{3000}$/);
  });
});
