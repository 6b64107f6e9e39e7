/** `gardener mcp install`: has a program start the server for its agent. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { WITHOUT_SUDO } from '../../../src/claim/private-directory.ts';
import { printableJson } from '../../../src/system/printable.ts';
import { removedBy, stablePath } from '../../service/places.ts';
import { defineCommand } from '../command.ts';
import type { Context } from '../context.ts';
import { LocalError } from '../errors.ts';
import { printable } from '../terminal/text.ts';
import { type Entry, NAME, type Settings, UnfitSettings } from './format.ts';
import { flagsOf } from './ours.ts';
import {
  change,
  CHANGE_FIELDS,
  type Doing,
  leftAlone,
  look,
  programArgument,
  tellChange,
  type Told,
  toldOf,
  typedOf,
} from './told.ts';

export default defineCommand({
  description:
    'Shows how to have a program start the server for its agent, in every project; with --write, does it.',
  takes: {
    ...programArgument,
    '--write': 'put the entry into the settings of the program; what they were stays beside them',
    '--allow-work': 'let the agent also claim trainings, report on them and end them',
  },
  details: `The entry has --data-dir, --socket and --no-start where they are given here,
by a flag or, the first two, by the environment: few programs pass that on.`,
  examples: {
    'gardener mcp install claude': 'what to type, or to paste where',
    'gardener mcp install cursor --write': 'have it done',
  },
  document: {
    ...CHANGE_FIELDS,
    text: 'what has to be in the file; null where it cannot be put there, or the server of our name is another one',
    warnings: 'what may be unexpected, in words',
  },
  async action(ctx, { program, write, allowWork }) {
    const told = toldOf(ctx, program);
    const entry = entryOf(ctx, told, allowWork);
    const flags = [allowWork && '--allow-work', !ctx.autoStart && '--no-start', '--write'].filter(Boolean);
    const again = `gardener mcp install ${program} ${flags.join(' ')}`;
    const { unfit, there, isDone } = await look(ctx, told, entry);
    // Either would replace it; and a program may begin a file anew that it cannot read.
    const isAnother = unfit?.kind === 'another';
    const command = isAnother || unfit?.kind === 'text' ? null : typedOf(told.add?.(entry));
    const isShapeless = unfit?.kind === 'shape' && command !== null;
    const text = isAnother || isShapeless ? null : told.format.put('', told.servers, entry);
    const warnings = [
      ...warningsOf(entry, again),
      ...changesOf(told, there, entry, write),
      ...(unfit && !write ? [`nothing can be written into the file as it is: ${unfit.message}`] : []),
    ];
    const document = { program, file: told.path, command, text, warnings };
    // What the person does instead.
    if (ctx.json) ctx.besideError = document;
    const doing = doingOf(entry, command);
    if (isAnother) throw leftAlone(told, doing, unfit);
    const starts = there && switchOf(there) ? 'has it, but switched off,' : 'starts it';
    if (write) {
      const isNew = !existsSync(dirname(told.path));
      const done = await change(ctx, told, doing, entry).catch((error: unknown) => {
        if (!ctx.json && !isOfAnother(error)) byHand(ctx, told, command, text);
        throw error;
      });
      if (ctx.json) return ctx.printJson({ ...document, ...done });
      if (done.changed) tellChange(ctx, told, done, `${starts} from now on`);
      if (isNew) ctx.note(`note: its directory was not there; is ${told.title} installed?`);
    } else {
      if (ctx.json) return ctx.printJson({ ...document, changed: false, backup: null });
      if (!isDone) {
        byHand(ctx, told, command, text, there);
        if (!unfit) ctx.suggest(`or have it done: ${again}`);
      }
    }
    if (isDone) ctx.say(`${told.title} ${starts} already: ${printable(ctx.shortPath(told.path))}`);
    for (const warning of warnings) ctx.note(`note: ${printable(warning)}`);
  },
});

/** Root would lock that user out with what it did by hand, too. */
function isOfAnother(error: unknown): boolean {
  return error instanceof LocalError && error.cause instanceof UnfitSettings && error.cause.kind === 'owner';
}

function doingOf({ command, args }: Entry, added: string | null): Doing {
  return {
    what: 'write into',
    instead: {
      another: `give that one another name there, or have this started under another: ${typedOf([command, ...args])}`,
      shape: added ?? 'put it there by hand',
      text: 'mend that first',
      file: 'put it there by hand',
      owner: WITHOUT_SUDO,
    },
  };
}

/** By absolute paths: what is started from a desktop has not the PATH of a shell. */
function entryOf(ctx: Context, { typed }: Told, allowWork: true | undefined): Entry {
  const args = [
    stablePath(ctx.host.program),
    'mcp',
    ...placeFlags(ctx),
    ...(ctx.autoStart ? [] : ['--no-start']),
    ...(allowWork ? ['--allow-work'] : []),
  ];
  return { ...(typed && { type: 'stdio' as const }), command: stablePath(process.execPath), args };
}

/** The flags that lead to this registry whatever the environment says. */
function placeFlags(ctx: Context): string[] {
  const { dataDir, socket, socketAlone, runDir } = ctx.paths;
  if (socketAlone) return ['--socket', socket];
  const { CODEBASE_GARDENER_DATA_DIR: place, CODEBASE_GARDENER_SOCKET: end } = ctx.host.env;
  const flags = ['--data-dir', dataDir];
  // Where a short one is depends on the environment, too.
  if (socket !== join(runDir, 'registry.sock')) return [...flags, '--socket', socket];
  return ctx.location.dataDir || place || ctx.location.socket || end ? flags : [];
}

function warningsOf({ command, args }: Entry, again: string): string[] {
  const words = [command, ...args];
  const variable = words.find((word) => word.includes('$'));
  return [
    ...words.slice(0, 2).flatMap((path) => {
      const owner = removedBy(path);
      if (owner === 'npx')
        return `npx may remove ${path} at any time; npm install --global codebase-gardener, and then: ${again}`;
      return owner ? `${path} belongs to ${owner} and goes with an upgrade; after one: ${again}` : [];
    }),
    ...(variable === undefined ? [] : [`${variable} has a $ in it, which programs may take for a variable`]),
  ];
}

/** What is other than with the entry that is there, or is as the person has it there. */
function changesOf(
  { title, add, addsOnce, remove }: Told,
  there: Settings | undefined,
  entry: Entry,
  write: true | undefined,
): string[] {
  if (!there) return [];
  const flags = flagsOf({ ...entry });
  const lost = flagsOf(there).filter((flag) => !flags.includes(flag));
  const off = switchOf(there);
  const first = !write && add && addsOnce && typedOf(remove);
  return [
    ...(lost.length > 0
      ? [`it is started no longer with ${lost.join(' ')}; give that again to keep it`]
      : []),
    ...(off === undefined ? [] : [`it is switched off there: ${off} is ${String(there[off])}`]),
    ...(first ? [`${title} adds none where there is one; first: ${first}`] : []),
  ];
}

/** The key by which the person has an entry switched off; undefined where it is not. */
function switchOf({ enabled, disabled }: Settings): 'enabled' | 'disabled' | undefined {
  if (enabled === false) return 'enabled';
  return disabled === true ? 'disabled' : undefined;
}

function byHand(
  ctx: Context,
  { title, path }: Told,
  command: string | null,
  text: string | null,
  there?: Settings,
): void {
  const file = printable(ctx.shortPath(path));
  if (command !== null) {
    ctx.say(`${title} starts the server for its agent once it is told:`);
    ctx.printLines(['', command, '']);
  }
  if (text === null) return;
  const or =
    command === null ? `${title} starts the server for its agent once this is in` : 'or once this is in';
  ctx.say(`${or} ${file}, ${there ? `in the place of ${NAME} there` : 'beside what is there'}:`);
  ctx.printLines(['', ...printableJson(text).trimEnd().split('\n'), '']);
}
