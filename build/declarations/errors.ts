/** The errors of the registry in TypeScript: what each has in its `data`, and `RegistryError`. */
import { ERROR_KINDS, type ErrorKind, ERRORS } from '../../src/domain/errors.ts';
import { errorData } from '../../src/protocol/error-data.ts';
import { comment, row } from './comment.ts';
import { inCamelCase, type Shapes } from './shapes.ts';

/**
 * A union in place of the class, which `kind` tells apart, and under the same name what makes one. A class cannot extend a
 * union: one that names no kind extends `AnyRegistryError`, which fits each member, so that its instances are errors of the
 * registry to the compiler, too.
 */
export function errorsText(shapes: Shapes): string {
  const nameOf = (kind: ErrorKind, what: 'Data' | 'Error') => inCamelCase(kind) + what;
  const union = (what: 'Data' | 'Error') => ERROR_KINDS.map((kind) => nameOf(kind, what)).join(' | ');
  const declared = ERROR_KINDS.map((kind) => {
    const { code, meaning } = ERRORS[kind];
    const details = [...shapes.membersOf(errorData[kind], nameOf(kind, 'Data'))].map(([member, text]) =>
      text.replace(new RegExp(`^  (?=${member}\\??:)`, 'm'), '  readonly '),
    );
    const told = comment([row(kind, meaning)], '  ');
    return `${comment([`What \`${kind}\` tells a program. ${meaning}`])}interface ${nameOf(kind, 'Data')} {
${told}  readonly kind: '${kind}';
  /** What the caller may have meant or can do; near names for \`project_not_found\`. */
  readonly suggestions: readonly string[];
${details.join('')}}

${comment([meaning])}interface ${nameOf(kind, 'Error')} extends Error {
  readonly name: 'RegistryError';
  /** The code of the JSON-RPC error. */
  readonly code: ${code};
${told}  readonly kind: '${kind}';
  /** What a program is told, beside the message, which is for a person. */
  readonly data: ${nameOf(kind, 'Data')};
}`;
  });
  const kinds = ['Why the registry says no:', ...ERROR_KINDS.map((kind) => row(kind, ERRORS[kind].meaning))];
  const members = ERROR_KINDS.map(
    (kind) => `${comment([ERRORS[kind].meaning], '  ')}  ${kind}: ${nameOf(kind, 'Error')};\n`,
  );
  return `${declared.join('\n\n')}

/** The errors of the registry, by their kinds. */
interface RegistryErrors {\n${members.join('')}}

${comment([kinds.join('\n')])}type ErrorKind = ${ERROR_KINDS.map((kind) => `'${kind}'`).join(' | ')};

/** What an error of the registry tells a program, told apart by \`kind\`. */
type ErrorData = ${union('Data')};

/**
 * The registry says no: \`kind\` says why, and after \`error.kind === 'lease_held'\` what is in \`data\` is known.
 *
 * Where a program has two copies of this package, \`instanceof\` knows the errors of its own copy only: \`name\`, which is
 * \`'RegistryError'\`, and \`kind\` tell those of both. A class of your own extends \`RegistryError<'lease_held'>\`, or
 * \`RegistryError\` for several kinds.
 *
 * @example
 * if (error instanceof RegistryError && error.kind === 'lease_held') console.log(error.data.holder);
 */
type RegistryError = ${union('Error')};

/** What an error of no kind in particular is to a class that extends it. */
interface AnyRegistryError extends Error {
  readonly name: 'RegistryError';
  /** The code of the JSON-RPC error. */
  readonly code: any;
  /** Which error it is. */
  readonly kind: any;
  /** What a program is told, beside the message, which is for a person. */
  readonly data: any;
}

/** The kind that is named, or each of them. */
type KindOf<K extends ErrorKind> = [K] extends [never] ? ErrorKind : K;

/** What \`data\` has beside \`kind\`. */
type ErrorDetails<K extends ErrorKind> = K extends ErrorKind ? Partial<Omit<RegistryErrors[K]['data'], 'kind'>> : never;

declare const RegistryError: {
  /**
   * Makes such an error, as a test or a stand-in for the daemon needs it.
   *
   * @param kind which error it is, and so its \`code\`
   * @param message for a person
   * @param details what \`data\` has beside \`kind\`; a daemon gives all of it
   */
  new <K extends ErrorKind = never>(kind: K | KindOf<K>, message: string, details?: ErrorDetails<KindOf<K>>): [K] extends [never] ? AnyRegistryError : RegistryErrors[K];
  readonly prototype: RegistryError;
};`;
}
