/** `gardener mcp uninstall`: has a program no longer start the server. */
import { WITHOUT_SUDO } from '../../../src/claim/private-directory.ts';
import { defineCommand } from '../command.ts';
import { printable } from '../terminal/text.ts';
import { NAME } from './format.ts';
import {
  change,
  CHANGE_FIELDS,
  type Doing,
  leftAlone,
  look,
  programArgument,
  tellChange,
  toldOf,
  typedOf,
} from './told.ts';

export default defineCommand({
  description: 'Shows how to have a program start the server no longer; with --write, does it.',
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
    const { unfit, isDone } = await look(ctx, told);
    // It would be taken out whatever it is; and a program may begin a file anew that it cannot read.
    const command = unfit?.kind === 'another' || unfit?.kind === 'text' ? null : typedOf(told.remove);
    const document = { program, file: told.path, command };
    const file = printable(ctx.shortPath(told.path));
    if (ctx.json) ctx.besideError = document;
    const byHand = 'take it out by hand';
    const isNone = `${told.title} does not start it: ${file}`;
    const doing: Doing = {
      what: 'take it out of',
      instead: {
        another: `${byHand} if it is yours`,
        shape: command ?? byHand,
        text: 'mend that first',
        file: byHand,
        owner: WITHOUT_SUDO,
      },
    };
    if (unfit?.kind === 'another') throw leftAlone(told, doing, unfit);
    if (!write) {
      if (ctx.json) return ctx.printJson({ ...document, changed: false, backup: null });
      if (isDone) return ctx.say(isNone);
      if (command !== null) ctx.printLines([command, '']);
      ctx.say(`${command === null ? 'take' : 'or take'} ${NAME} out of ${told.servers} in ${file}`);
      if (unfit) return ctx.note(`note: nothing can be taken out of it here: ${printable(unfit.message)}`);
      return ctx.suggest(`or have it done: gardener mcp uninstall ${program} --write`);
    }
    const done = await change(ctx, told, doing);
    if (ctx.json) return ctx.printJson({ ...document, ...done });
    if (!done.changed) return ctx.say(isNone);
    tellChange(ctx, told, done, 'starts it no longer');
  },
});
