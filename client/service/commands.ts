/** Running the programs of a service manager, and telling what was run when something fails. */
import { shellWord } from '../../src/system/printable.ts';

/** The command that installs the service, or mends it. */
export const INSTALL = 'gardener service install';

/** What exit code 78 of the launcher says. */
export const NOTHING_TO_RUN =
  'the daemon could not be started (exit 78): its launcher, Node or gardenerd.js was not found';

/** What a command did. */
export interface Ran {
  /** As it could be typed. */
  readonly command: string;
  /** Exit code; 127 when there is no such program. */
  readonly code: number;
  /** Standard output and standard error. */
  readonly output: string;
}

export type Runner = (program: string, args: readonly string[], deadline?: number) => Promise<Ran>;

/** launchctl and systemctl answer at once, or hang for good with a broken session. Milliseconds. */
const COMMAND_DEADLINE_MS = 30_000;

/** Runs a program found on PATH. Never rejects. */
export const runProgram: Runner = async (program, args, deadline = COMMAND_DEADLINE_MS) => {
  // Loaded when it is needed: the library, which has this too, rarely asks a service manager.
  const { execFile } = process.getBuiltinModule('node:child_process');
  return await new Promise((resolve) => {
    execFile(program, args, { timeout: deadline }, (error, stdout, stderr) => {
      const command = [program, ...args].map(shellWord).join(' ');
      const output = `${stdout}${stderr}`.trim();
      if (!error) return resolve({ command, code: 0, output });
      if (error.code === 'ENOENT')
        return resolve({ command, code: 127, output: `there is no program ${program}` });
      const code = typeof error.code === 'number' ? error.code : 1;
      resolve({ command, code, output: output || (error.killed ? 'no answer' : error.message) });
    });
  });
};

/** A service could not be installed, removed, restarted or asked; the message says why. */
export class ServiceError extends Error {
  override readonly name = 'ServiceError';
  /** What to do. */
  readonly remedy: string;
  /** What was run, in order, the one that failed last. */
  readonly commands: readonly Ran[];

  constructor(message: string, remedy: string, commands: readonly Ran[] = []) {
    super(message);
    this.remedy = remedy;
    this.commands = commands;
  }
}

/** Runs commands and remembers them for the error. */
export class Session {
  readonly ran: Ran[] = [];
  readonly #run: Runner;

  constructor(run: Runner) {
    this.#run = run;
  }

  async run(program: string, ...args: readonly string[]): Promise<Ran> {
    const ran = await this.#run(program, args);
    this.ran.push(ran);
    return ran;
  }

  error(message: string, remedy: string): ServiceError {
    return new ServiceError(message, remedy, this.ran);
  }
}
