/** `gardener mcp install`: has a program start the server for its agent. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { printableJson } from '../../../src/system/printable.ts';
import { removedBy, stablePath } from '../../service/places.ts';
import { defineCommand } from '../command.ts';
import type { Context } from '../context.ts';
import { printable } from '../terminal/text.ts';
import type { Entry } from './format.ts';
import { change, CHANGE_FIELDS, programArgument, tellChange, type Told, toldOf, typedOf } from './told.ts';

export default defineCommand({
  description:
    'Tells how a program is made to start the server for its agent, in whichever project that works; with --write, does it.',
  takes: {
    ...programArgument,
    '--write': 'put the entry into the settings of the program; what they were stays beside them',
    '--allow-work': 'have the agent be allowed to claim trainings, report on them and end them',
  },
  details: `The entry has --data-dir, --socket and --no-start where they are given here,
by a flag or, the first two, by the environment: few programs pass that on.`,
  examples: {
    'gardener mcp install claude': 'what to type, or to paste where',
    'gardener mcp install cursor --write': 'have it done',
  },
  document: {
    ...CHANGE_FIELDS,
    text: 'what has to be in the file',
    warnings: 'what may be unexpected, in words',
  },
  async action(ctx, { program, write, allowWork }) {
    const told = toldOf(ctx, program);
    const entry = entryOf(ctx, told, allowWork);
    const command = typedOf(told.add?.(entry));
    const text = told.format.put('', told.servers, entry);
    const flags = [allowWork && '--allow-work', !ctx.autoStart && '--no-start', '--write'].filter(Boolean);
    const again = `gardener mcp install ${program} ${flags.join(' ')}`;
    const warnings = warningsOf(entry, again);
    const document = { program, file: told.path, command, text, warnings };
    if (!write) {
      if (ctx.json) return ctx.printJson({ ...document, changed: false, backup: null });
      byHand(ctx, told, command, text);
      ctx.suggest(`or have it done: ${again}`);
    } else {
      // What the person does instead.
      if (ctx.json) ctx.besideError = document;
      const isNew = !existsSync(dirname(told.path));
      const done = await change(ctx, told, 'write into', 'put it there by hand', entry).catch(
        (error: unknown) => {
          if (!ctx.json) byHand(ctx, told, command, text);
          throw error;
        },
      );
      if (ctx.json) return ctx.printJson({ ...document, ...done });
      if (!done.changed) ctx.say(`${told.title} starts it already: ${printable(ctx.shortPath(told.path))}`);
      else tellChange(ctx, told, done, { what: `${told.title} starts it from now on:` });
      if (isNew) ctx.note(`note: its directory was not there; is ${told.title} installed?`);
    }
    for (const warning of warnings) ctx.note(`note: ${printable(warning)}`);
  },
});

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
      return owner ? `${path} belongs to ${owner} and goes with an upgrade; after one: ${again}` : [];
    }),
    ...(variable === undefined ? [] : [`${variable} has a $ in it, which programs may take for a variable`]),
  ];
}

function byHand(ctx: Context, { title, path }: Told, command: string | null, text: string): void {
  const file = printable(ctx.shortPath(path));
  if (command !== null) {
    ctx.say(`${title} starts the server for its agent once it is told:`);
    ctx.printLines(['', command, '']);
  }
  const or =
    command === null ? `${title} starts the server for its agent once this is in` : 'or once this is in';
  ctx.say(`${or} ${file}, beside what is there:`);
  ctx.printLines(['', ...printableJson(text).trimEnd().split('\n'), '']);
}
