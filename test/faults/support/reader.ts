/** Somebody who reads the file all the time and never sees half of it. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { onTestFinished } from 'vitest';

/** Reads, looks, rests for a moment; ends at the first fault, or when it is told to. Runs in a process of its own. */
const SCRIPT = `
  import { readFileSync } from 'node:fs';
  const file = process.argv[1];
  let reads = 0, last = '', known = false;
  process.on('SIGTERM', () => { process.stdout.write(String(reads)); process.exit(0); });
  setInterval(() => {
    let text;
    try {
      text = readFileSync(file, 'utf8');
    } catch (error) {
      if (error.code === 'ENOENT' && !known) return;
      return fail('it cannot be read: ' + error.message);
    }
    known = true;
    reads += 1;
    if (text === last) return;
    last = text;
    try {
      const { version, projects } = JSON.parse(text);
      if (typeof version !== 'string' || typeof projects !== 'object') fail('it is no registry');
      if (!text.endsWith('}\\n')) fail('it has no last line feed');
    } catch (error) {
      fail(error.message);
    }
    function fail(why) {
      process.stdout.write('read ' + reads + ': ' + why + ': ' + JSON.stringify(text?.slice(-200)));
      process.exit(1);
    }
  }, 1);
`;

export interface Reader {
  /** Ends the reading; gives how often the file was read, each time whole. @throws {Error} at a fault */
  stop(): Promise<number>;
}

/** Reads a file about every millisecond until it is stopped; before the file is there for the first time it waits. */
export function readAllTheTime(file: string): Reader {
  const child = spawn(process.execPath, ['--input-type=module', '-e', SCRIPT, file], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let printed = '';
  child.stdout.on('data', (chunk: Buffer) => (printed += chunk.toString()));
  const closed = once(child, 'close');
  const end = async (): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
    await closed;
  };
  onTestFinished(end);
  return {
    async stop() {
      await end();
      if (child.exitCode !== 0) throw new Error(`a reader saw a bad file: ${printed}`);
      return Number(printed);
    },
  };
}
