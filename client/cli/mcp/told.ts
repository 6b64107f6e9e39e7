/** What `gardener mcp install` and `uninstall` have in common: which program, which file, and what is done to that. */
import { existsSync, realpathSync } from 'node:fs';
import { dirname, isAbsolute } from 'node:path';
import { nearest, refuseForRoot } from '../../../src/claim/private-directory.ts';
import { homeDirectory } from '../../../src/paths.ts';
import type { Context } from '../context.ts';
import { LocalError } from '../errors.ts';
import { wordOf } from '../option-values.ts';
import { printable, shellWord } from '../terminal/text.ts';
import { changed } from './changed.ts';
import { type Entry, type Settings, type Unfitness, UnfitSettings } from './format.ts';
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
  command:
    'its own command that does the same, for a shell; null where it has none, or would spoil what is there',
  changed: 'whether the file was written',
  backup: 'path of the file as it was before; null where there was none, or nothing was changed',
} as const;

/** The settings of a program that are meant here. */
export interface Told extends AgentProgram {
  readonly path: string;
}

export function toldOf(ctx: Context, name: ProgramName): Told {
  const home = ctx.host.home || homeDirectory();
  const program: AgentProgram = PROGRAMS[name];
  const file = program.file({ home, env: ctx.host.env, platform: process.platform });
  return { ...program, path: ctx.absolute(isAbsolute(file) ? file : `./${file}`) };
}

/** Words for a shell, such as a command of another program; null for none. */
export function typedOf(words: readonly string[] | undefined): string | null {
  const written = (word: string): string => (/^--[a-z-]*$/.test(word) ? word : shellWord(word));
  return words ? words.map(written).join(' ') : null;
}

/** What a change would come to. */
export interface Look {
  /** Why the settings would be left alone. */
  readonly unfit?: UnfitSettings;
  /** Our entry that is there, where that can be told. */
  readonly there?: Settings | undefined;
  /** Whether all is already as it is to be. */
  readonly isDone: boolean;
}

/**
 * Looks what it would come to that our entry is put into the settings, or taken out where none is given.
 *
 * @throws what is no matter of the settings
 */
export async function look(ctx: Context, { path, format, servers }: Told, entry?: Entry): Promise<Look> {
  let found: Look = { isDone: false };
  const looked = (text: string): string => {
    const after = changed(format, text, servers, entry);
    found = { there: after.there, isDone: after.text === text };
    return text;
  };
  try {
    await changeSettings(path, looked, ctx.host.now());
    return found;
  } catch (error) {
    if (!(error instanceof UnfitSettings)) throw error;
    return { unfit: error, isDone: false };
  }
}

/** What is done to the settings, in the words of errors. */
export interface Doing {
  /** What goes before the path: "write into". */
  readonly what: string;
  /** What the person does instead. */
  readonly instead: Readonly<Record<Unfitness, string>>;
}

/**
 * Does what {@link look} looks at.
 *
 * @throws {LocalError} for settings that are left alone, and why
 * @throws {UnsafeDirectoryError} to root where the home directory is another user's, as with `sudo -E`
 */
export async function change(ctx: Context, told: Told, doing: Doing, entry?: Entry): Promise<Change> {
  const { path, format, servers } = told;
  refuseForRoot(ctx.host.home || homeDirectory());
  const edit = (text: string): string => {
    if (process.geteuid?.() === 0) requireRoots(existsSync(path) ? realpathSync(path) : path);
    return changed(format, text, servers, entry).text;
  };
  try {
    return await changeSettings(path, edit, ctx.host.now());
  } catch (error) {
    throw error instanceof UnfitSettings ? leftAlone(told, doing, error) : error;
  }
}

/** Refuses to root what is another user's, or would be made in that. @throws {UnfitSettings} */
function requireRoots(path: string): void {
  for (const [place, owner = 0] of [nearest(dirname(path)), nearest(path)]) {
    if (owner === 0) continue;
    const what = place === path ? 'it' : place;
    throw new UnfitSettings('owner', `${what} belongs to user ${owner}, whom files of root would lock out`);
  }
}

/** What is told of settings that are left alone. */
export function leftAlone({ path }: Told, { what, instead }: Doing, unfit: UnfitSettings): LocalError {
  return new LocalError(`cannot ${what} ${path}: ${unfit.message}`, instead[unfit.kind], unfit);
}

/** Tells what became of the file, behind what is so now. */
export function tellChange(ctx: Context, { path, title }: Told, { backup }: Change, now: string): void {
  ctx.say(`${title} ${now}: ${printable(ctx.shortPath(path))}`);
  if (backup !== null) ctx.note(`what it was is in ${printable(ctx.shortPath(backup))}`);
  ctx.suggest(`${title} has to be started anew to see it`);
}
