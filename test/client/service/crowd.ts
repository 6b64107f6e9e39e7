/** Processes of clients that call without pause; see crowd.mjs. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

const PROGRAM = fileURLToPath(new URL('crowd.mjs', import.meta.url));
const PROCESSES = 4;
const CLIENTS_EACH = 4;

export interface Seen {
  readonly calls: number;
  /** Milliseconds. */
  readonly slowest: number;
  readonly errors: readonly string[];
  /** Version and process id of each daemon, in order. */
  readonly versions: readonly string[];
  readonly warnings: readonly string[];
}

export interface Crowd {
  /** Lets them finish their round; gives what each process saw. */
  finish(): Promise<Seen[]>;
}

/**
 * Starts sixteen clients in four processes, and waits until each has begun.
 *
 * @param command how to run Node with the program: `[node, program]`, or with something before
 */
export async function crowd(
  library: string,
  dataDir: string,
  env: NodeJS.ProcessEnv,
  prefix: readonly string[] = [],
): Promise<Crowd> {
  const members = Array.from({ length: PROCESSES }, (_, number) => {
    const words = [
      ...prefix,
      process.execPath,
      PROGRAM,
      library,
      dataDir,
      `crowd-${number}`,
      String(CLIENTS_EACH),
    ];
    const [program = '', ...rest] = words;
    const child = spawn(program, rest, { env, stdio: ['pipe', 'pipe', 'inherit'] });
    onTestFinished(() => void child.kill('SIGKILL'));
    let ready = 0;
    let last = '';
    const begun = new Promise<void>((resolve, reject) => {
      child.once('close', (code) => reject(new Error(`a process of clients ended with ${code}`)));
      createInterface({ input: child.stdout }).on('line', (line) => {
        last = line;
        if (line === 'ready') ready += 1;
        if (ready === CLIENTS_EACH) resolve();
      });
    });
    const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
    return { child, begun, ended, result: () => JSON.parse(last) as Seen };
  });
  await Promise.all(members.map(({ begun }) => begun));
  return {
    async finish() {
      for (const { child } of members) child.stdin.end();
      await Promise.all(members.map(({ ended }) => ended));
      return members.map(({ result }) => result());
    },
  };
}
