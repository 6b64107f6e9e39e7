/** Homes in which a program stands in for the daemon that a client starts. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import { connect, type ConnectOptions, ConnectionError } from '../../../client/index.ts';
import { bundles } from '../bundle.ts';
import { temporaryHome } from '../stand-in.ts';

const programs = bundles({ daemon: 'test/client/stand-in-daemon.ts' });

interface Start {
  readonly pid: number;
  readonly cwd: string;
  readonly socket: string;
  readonly 'data-dir': string;
  readonly manager: string;
}

export interface Home {
  readonly dataDir: string;
  readonly log: string;
  readonly options: (behaviour: string, more?: ConnectOptions) => ConnectOptions;
  /** What each started daemon was given. */
  readonly starts: () => Promise<Start[]>;
}

export async function home(): Promise<Home> {
  const dataDir = await temporaryHome();
  const socket = join(dataDir, 'run', 'registry.sock');
  return {
    dataDir,
    log: join(dataDir, 'logs', 'daemon-start.log'),
    options: (behaviour, { deadlines, ...more } = {}) => ({
      dataDir,
      socket,
      daemon: [process.execPath, programs.daemon.file, behaviour],
      // A busy machine is no fault of what is tested here.
      deadlines: { start: 25_000, ...deadlines },
      ...more,
    }),
    starts: async () => {
      const text = await readFile(`${socket}.starts`, 'utf8').catch(() => '');
      return text
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line) as Start);
    },
  };
}

export async function refusal(options: ConnectOptions): Promise<ConnectionError> {
  try {
    await (await connect(options)).close();
  } catch (error) {
    expect(error).toBeInstanceOf(ConnectionError);
    return error as ConnectionError;
  }
  throw new Error('a connection came about');
}
