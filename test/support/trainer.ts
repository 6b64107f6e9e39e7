/** A project to train by `gardener train`, and the registry's view of it. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { type Client, connect, type Project } from '../../client/index.ts';
import { type CommandLine, commandLine, type Running } from './cli.ts';
import { until } from './until.ts';

export interface Trainable {
  readonly cli: CommandLine;
  /** Of the daemon of this home; never starts one. */
  readonly registry: Client;
  /** The project `payments` as it is now. */
  project(): Promise<Project>;
  /** Waits until the project is as it should be, and gives it. */
  whenProject(condition: (project: Project) => boolean, what: string): Promise<Project>;
  /** Starts `gardener train payments -- sh -c <script>`. */
  train(script: string, flags?: readonly string[]): Running;
  /** Ends what {@link WAITS} waits for. */
  letGo(): Promise<void>;
}

/** A piece of shell script that waits for {@link Trainable.letGo}; and not longer than gardener is there. */
export const WAITS = 'while kill -0 $PPID 2> /dev/null && [ ! -e "$HOME/go" ]; do sleep 0.02; done';

/** A command line with one project, `payments`, and a daemon. */
export async function trainable(): Promise<Trainable> {
  const cli = await commandLine();
  await cli.codebase('src/payments', {});
  await cli.json(['add', 'src/payments', '--language', 'python']);
  const registry = await connect({ dataDir: cli.dataDir, autoStart: false });
  onTestFinished(() => registry.close());
  const project = () => registry.projects.get({ project: 'payments' });
  return {
    cli,
    registry,
    project,
    whenProject: (condition, what) =>
      until(async () => {
        const now = await project();
        return condition(now) && now;
      }, what),
    train: (script, flags = []) => cli.start(['train', 'payments', ...flags, '--', 'sh', '-c', script]),
    letGo: () => writeFile(join(cli.home, 'go'), ''),
  };
}
