/** `gardener use --shell`: a project for one shell, by its environment, which only the shell itself can change. */
import { basename } from 'node:path';
import type { Client } from '../../client.ts';
import type { Context } from '../context.ts';
import { PROJECT_VARIABLE } from '../projects/resolve.ts';
import { printable } from '../terminal/text.ts';

/**
 * Prints the line that changes the shell, for the function of `gardener init` or for `eval`. Bash, zsh and fish all read it;
 * an id needs no quotes, and nothing in the place of it is as if the variable were not set.
 *
 * @param reference null for none
 */
export async function changeThisShell(ctx: Context, client: Client, reference: string | null): Promise<void> {
  const project = reference === null ? null : await client.projects.get({ project: reference });
  const line = `export ${PROJECT_VARIABLE}=${project?.project_id ?? ''}`;
  if (ctx.json) {
    const { active_project } = await client.projects.active();
    return ctx.printJson({ active_project, shell: { project, line } });
  }
  ctx.print(line);
  if (ctx.interactive) return ctx.note(`nothing has changed: a shell does it that has read ${script(ctx)}`);
  ctx.note(
    project
      ? `for this shell: ${printable(project.name)}  ${printable(ctx.shortPath(project.source_path))}`
      : 'for this shell: no project of its own',
  );
}

/** Says that the project which is active now is not the one for this shell. */
export function noteOwnProject(ctx: Context): void {
  if (!ctx.host.env[PROJECT_VARIABLE]) return;
  ctx.note(`this shell stays with its own (${PROJECT_VARIABLE}): gardener use --shell --none ends that`);
}

function script({ host }: Context): string {
  const shell = basename(host.env['SHELL'] ?? '');
  if (shell === 'fish') return 'gardener init fish | source';
  return `eval "$(gardener init ${shell === 'zsh' ? 'zsh' : 'bash'})"`;
}
