/** `gardener mcp uninstall`: has a program no longer start the server. */
import { defineCommand } from '../command.ts';
import { printable } from '../terminal/text.ts';
import { NAME } from './format.ts';
import { change, CHANGE_FIELDS, programArgument, tellChange, toldOf, typedOf } from './told.ts';

export default defineCommand({
  description: 'Tells how a program is made to start the server no longer; with --write, does it.',
  takes: {
    ...programArgument,
    '--write': 'take the entry out of the settings of the program; what they were stays beside them',
  },
  examples: {
    'gardener mcp uninstall claude': 'what to type, or to take out of which file',
    'gardener mcp uninstall cursor --write': 'have it done',
  },
  document: CHANGE_FIELDS,
  async action(ctx, { program, write }) {
    const told = toldOf(ctx, program);
    const command = typedOf(told.remove);
    const document = { program, file: told.path, command };
    const file = printable(ctx.shortPath(told.path));
    if (!write) {
      if (ctx.json) return ctx.printJson({ ...document, changed: false, backup: null });
      if (command !== null) ctx.printLines([command, '']);
      ctx.say(`${command === null ? 'take' : 'or take'} ${NAME} out of ${told.servers} in ${file}`);
      return ctx.suggest(`or have it done: gardener mcp uninstall ${program} --write`);
    }
    if (ctx.json) ctx.besideError = document;
    const done = await change(ctx, told, 'take it out of');
    if (ctx.json) return ctx.printJson({ ...document, ...done });
    if (!done.changed) return ctx.say(`${told.title} does not start it: ${file}`);
    tellChange(ctx, told, done, { what: `${told.title} starts it no longer:` });
  },
});
