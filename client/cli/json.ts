/** JSON that a person wrote, and where it is wrong. */
import type { ParseError } from 'jsonc-parser';
import type { Json } from '../../src/domain/project.ts';

/** The text is no JSON. */
export class JsonFault extends Error {
  override readonly name = 'JsonFault';
  /** Counted from 1. */
  readonly line: number;
  readonly column: number;

  constructor(reason: string, line: number, column: number) {
    super(`line ${line}, column ${column}: ${reason}`);
    this.line = line;
    this.column = column;
  }
}

/**
 * @param written a byte-order mark, as some editors put before what they save, is no part of it
 * @throws {JsonFault} with the place; V8 says it only for some faults
 */
export async function parseJson(written: string): Promise<Json> {
  const text = written.replace(/^\uFEFF/, '');
  try {
    return JSON.parse(text) as Json;
  } catch (error) {
    const { parse, printParseErrorCode } = await import('jsonc-parser');
    const faults: ParseError[] = [];
    parse(text, faults, { disallowComments: true, allowTrailingComma: false });
    const [first] = faults;
    // Faults that only the strict parser sees, such as a control character in a string.
    if (!first) throw new JsonFault((error as Error).message, 1, 1);
    const before = text.slice(0, first.offset).split('\n');
    const reason = REASONS[printParseErrorCode(first.error)] ?? 'a fault in the JSON';
    throw new JsonFault(reason, before.length, (before.at(-1)?.length ?? 0) + 1);
  }
}

const REASONS: Readonly<Record<string, string>> = {
  InvalidSymbol: 'a word that JSON does not know; texts need double quotes',
  InvalidNumberFormat: 'a number that JSON does not know',
  PropertyNameExpected: 'the name of a member is expected, in double quotes',
  ValueExpected: 'a value is expected',
  ColonExpected: 'a colon is expected',
  CommaExpected: 'a comma is expected',
  CloseBraceExpected: 'a closing brace is expected',
  CloseBracketExpected: 'a closing bracket is expected',
  EndOfFileExpected: 'the document ends here, and something follows',
  InvalidCommentToken: 'JSON has no comments',
  UnexpectedEndOfComment: 'JSON has no comments',
  UnexpectedEndOfString: 'a text without a closing quote',
  UnexpectedEndOfNumber: 'a number that is cut off',
  InvalidUnicode: 'a unicode escape that is cut off',
  InvalidEscapeCharacter: 'an escape that JSON does not know',
  InvalidCharacter: 'a control character in a text',
};
