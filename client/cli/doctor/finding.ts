/** What `gardener doctor` finds: how something is, what to do about it, and what `--fix` does. */
import type { Finding } from '../../service/status.ts';
import { systemCode, systemRemedy } from '../../../src/system/errors.ts';
import { shellWord } from '../terminal/text.ts';

export type { Finding } from '../../service/status.ts';

/** Something that `--fix` can do. */
export interface Fix {
  /** In words, for a question and for who was not asked: `remove ~/x`. */
  readonly does: string;
  /** As something that was done: `removed ~/x`. */
  readonly done: string;
  readonly run: () => Promise<void>;
  /** Of what changes the registry, which is done only when somebody agrees: what it is about, one a line. */
  readonly about?: readonly string[];
}

export interface Diagnosis extends Finding {
  readonly fix?: Fix;
}

/** What was tried of what could be done. */
export interface Treatment {
  readonly done: string[];
  readonly failed: string[];
  /** What nobody has agreed to. */
  readonly notAgreed: string[];
}

export function ok(check: string, message: string): Diagnosis {
  return { check, level: 'ok', message };
}

export function warning(check: string, message: string, remedy?: string, fix?: Fix): Diagnosis {
  return { check, level: 'warning', message, ...advice(remedy, fix) };
}

export function error(check: string, message: string, remedy?: string, fix?: Fix): Diagnosis {
  return { check, level: 'error', message, ...advice(remedy, fix) };
}

/** What a person can do about a system error with a path, where nothing can be fixed. */
export function remedyOf(cause: unknown, path: string): string | undefined {
  // The table sends people to the doctor.
  if (systemCode(cause) === 'EACCES')
    return `look at the permissions, and at those of the directories above: ls -ld ${shellWord(path)}`;
  return systemRemedy(cause) ?? undefined;
}

/** What a person can do about something that is in the way and may be somebody's. */
export function moveAside(path: string): string {
  return `move it: mv ${shellWord(path)} ${shellWord(`${path}.old`)}`;
}

/** What can be fixed needs no other advice than that. */
function advice(remedy: string | undefined, fix: Fix | undefined): { remedy?: string; fix?: Fix } {
  const what = remedy ?? (fix && 'gardener doctor --fix');
  return { ...(what !== undefined && { remedy: what }), ...(fix && { fix }) };
}
