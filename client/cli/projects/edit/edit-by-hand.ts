/** Editing a project as JSON in the person's own editor. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, rmSync } from 'node:fs';
import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isMissing } from '../../../../src/system/errors.ts';
import type { Client } from '../../../client.ts';
import { RpcError } from '../../../errors.ts';
import type { WireProject } from '../../../../src/domain/encoding.ts';
import { confirm } from '../../terminal/ask.ts';
import type { Context } from '../../context.ts';
import { updateCurrent } from './changes.ts';
import { changesIn, editableText, EditFault, overtaken } from './edited.ts';
import { explain, LocalError } from '../../errors.ts';
import { JsonFault } from '../../json.ts';
import { printable } from '../../terminal/text.ts';
import { isRefusal } from '../../../../src/domain/values/refusal.ts';

/** Opens the editor until what it leaves is accepted or given up, and makes only the changes made there. */
export async function editByHand(ctx: Context, client: Client, reference: string): Promise<void> {
  const before = await client.projects.get({ project: reference });
  const directory = await mkdtemp(join(tmpdir(), 'gardener-edit-'));
  const file = join(directory, 'project.json');
  const text = editableText(before);
  let isNeeded = false;
  const leave = (): void => {
    if (!isNeeded || !isWritten(file, text)) rmSync(directory, { recursive: true, force: true });
    else ctx.note(`note: what you wrote is in ${file}`);
  };
  // Ctrl-C at the question ends the process.
  process.on('exit', leave);
  try {
    await writeFile(file, text, { mode: 0o600 });
    isNeeded = true;
    for (;;) {
      await runEditor(ctx, file);
      try {
        const after = await apply(client, before, await readFile(file, 'utf8'));
        if (ctx.json) ctx.printJson(after ?? before);
        else if (after) ctx.print(`changed ${ctx.paint('bold', printable(after.name))}`);
        else ctx.print('nothing was changed');
        isNeeded = false;
        return;
      } catch (error) {
        if (!isMendable(error)) throw error;
        ctx.note(`gardener: ${fault(error)}`);
        if (!(await confirm(ctx.host, 'edit again?', { byDefault: true }))) {
          throw new LocalError('nothing was changed', `mend ${file} and use its values with the flags`);
        }
      }
    }
  } finally {
    process.off('exit', leave);
    leave();
  }
}

/** Whether something else is in the file than was given to the editor; also where that cannot be told. */
function isWritten(file: string, given: string): boolean {
  try {
    return readFileSync(file, 'utf8') !== given;
  } catch (error) {
    return !isMissing(error);
  }
}

/** @returns undefined when nothing differs */
async function apply(client: Client, before: WireProject, text: string): Promise<WireProject | undefined> {
  const changes = await changesIn(before, text);
  if (Object.keys(changes).length === 0) return undefined;
  return updateCurrent(client, before, (current) => {
    const field = overtaken(before, current, changes);
    if (field === undefined) return changes;
    throw new LocalError(
      `cannot change ${field}: somebody else changed it while the editor was open`,
      `gardener edit ${current.project_id}`,
    );
  });
}

function isMendable(error: unknown): boolean {
  if (error instanceof JsonFault || error instanceof EditFault) return true;
  if (error instanceof RpcError) return error.issues.length > 0;
  return isRefusal(error, 'project_exists', 'invalid_name', 'source_path_missing');
}

function fault(error: unknown): string {
  if (error instanceof JsonFault) return `cannot read what you wrote: ${error.message}`;
  return error instanceof EditFault ? error.message : explain(error).message;
}

async function runEditor({ host }: Context, file: string): Promise<void> {
  const editor = host.env['VISUAL'] || host.env['EDITOR'] || 'vi';
  // Through a shell, as everybody does: the variable may hold arguments and quotes.
  const child = spawn('/bin/sh', ['-c', `${editor} "$@"`, editor, file], { env: host.env, stdio: 'inherit' });
  // Ctrl-C in the editor is the editor's.
  const [code, signal] = (await host.uninterrupted(() => once(child, 'exit'))) as [
    number | null,
    NodeJS.Signals | null,
  ];
  if (code === 0) return;
  throw new LocalError(
    `cannot edit: ${editor} ended with ${signal ?? code}`,
    'another editor: VISUAL=nano gardener edit …',
  );
}
