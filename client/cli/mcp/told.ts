/** What `gardener mcp install` and `uninstall` have in common: which program, which file, and what is done to that. */
import { homeDirectory } from '../../../src/paths.ts';
import { refuseForRoot } from '../../../src/claim/private-directory.ts';
import type { Context } from '../context.ts';
import { LocalError } from '../errors.ts';
import { wordOf } from '../option-values.ts';
import { printable, shellWord } from '../terminal/text.ts';
import { changed, type Entry, UnfitSettings } from './format.ts';
import { type AgentProgram, PROGRAM_NAMES, type ProgramName, PROGRAMS } from './programs.ts';
import { type Change, changeSettings } from './settings.ts';

/** Which program, as a person types it. */
export const programArgument = {
  '<program>': { description: 'whose agent', ...wordOf(PROGRAM_NAMES) },
} as const;

/** What both print with `--json`. */
export const CHANGE_FIELDS = {
  program: 'its name, as it was typed',
  file: 'path of its settings',
  command: 'its own command that does the same, for a shell; null where it has none',
  changed: 'whether the file was written',
  backup: 'path of the file as it was before; null where there was none, or nothing was changed',
} as const;

/** The settings of a program that are meant here. */
export interface Told extends AgentProgram {
  readonly name: ProgramName;
  readonly path: string;
}

export function toldOf(ctx: Context, name: ProgramName): Told {
  const home = ctx.host.home || homeDirectory();
  const program: AgentProgram = PROGRAMS[name];
  const file = program.file({ home, env: ctx.host.env, platform: process.platform });
  return { ...program, name, path: ctx.absolute(file) };
}

/** A command of another program, for a shell; null where it has none. */
export function typedOf(words: readonly string[] | undefined): string | null {
  const written = (word: string): string => (/^--[a-z-]*$/.test(word) ? word : shellWord(word));
  return words ? words.map(written).join(' ') : null;
}

/**
 * Puts our entry into the settings, or takes it out where none is given.
 *
 * @param what goes before the path: "write into"
 * @param hint what the person does instead
 * @throws {LocalError} for settings that are left alone, and why
 */
export async function change(
  ctx: Context,
  { path, format, servers }: Told,
  what: string,
  hint?: string,
  entry?: Entry,
): Promise<Change> {
  refuseForRoot(ctx.host.home || homeDirectory());
  try {
    return await changeSettings(path, (text) => changed(format, text, servers, entry), ctx.host.now());
  } catch (error) {
    if (!(error instanceof UnfitSettings)) throw error;
    throw new LocalError(`cannot ${what} ${path}: ${error.message}`, hint, error);
  }
}

/** Tells what became of the file. */
export function tellChange(
  ctx: Context,
  { path, title }: Told,
  { backup }: Change,
  done: { readonly what: string },
): void {
  const file = printable(ctx.shortPath(path));
  ctx.say(`${done.what} ${file}`);
  if (backup !== null) ctx.note(`what it was is in ${printable(ctx.shortPath(backup))}`);
  ctx.suggest(`${title} has to be started anew to see it`);
}
