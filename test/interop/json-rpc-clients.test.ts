/** Clients of JSON-RPC that nobody wrote for this registry, over the real socket. */
import { execFile } from 'node:child_process';
import { createConnection, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import jayson from 'jayson';
import { describe, expect, test } from 'vitest';
import {
  AbstractMessageReader,
  AbstractMessageWriter,
  CancellationTokenSource,
  createMessageConnection,
  type DataCallback,
  type Disposable,
  type Message,
  type MessageConnection,
  ResponseError,
} from 'vscode-jsonrpc/node';
import { startDaemon } from '../support/daemon.ts';
import { requireTools } from '../support/tools.ts';

describe('jayson', () => {
  async function client() {
    const daemon = await startDaemon();
    const source_path = await daemon.codebase('payments');
    // Its types ask for a port; with a path Node ignores it.
    const options = { path: daemon.paths.socket, port: 0 };
    const client = jayson.Client.tcp(options);
    /** Sends a request; with the id null a notification. */
    const ask = (method: string, params: object, id?: null): Promise<unknown> =>
      new Promise((resolve, reject) => {
        client.request(method, params, id, (error: unknown, answer: unknown) =>
          error ? reject(asError(error)) : resolve(answer),
        );
      });
    return { client, ask, source_path };
  }

  test('calls methods', async () => {
    const { ask, source_path } = await client();
    const added = await ask('projects.register', { name: 'payments', source_path });
    expect(added).toMatchObject({ jsonrpc: '2.0', result: { name: 'payments', source_path } });
    expect(await ask('projects.count', {})).toMatchObject({ result: 1 });
    expect(await ask('daemon.ping', [])).toMatchObject({ result: 'pong' });
  });

  test('gets errors', async () => {
    const { ask } = await client();
    expect(await ask('projects.get', { project: 'payments' })).toMatchObject({
      error: { code: 1001, data: { kind: 'project_not_found' } },
    });
    expect(await ask('projects.sing', {})).toMatchObject({ error: { code: -32601 } });
  });

  test('sends notifications and batches', async () => {
    const { client: jayson, ask, source_path } = await client();
    await ask('projects.register', { name: 'payments', source_path });
    await ask('projects.touch', { project: 'payments' }, null);
    const batch = [
      jayson.request('projects.get', { project: 'payments' }),
      jayson.request('projects.touch', { project: 'payments' }, null),
      jayson.request('projects.get', { project: 'none' }),
    ];
    const answers = await new Promise((resolve, reject) => {
      jayson.request(batch, (error: unknown, answers: unknown) =>
        error ? reject(asError(error)) : resolve(answers),
      );
    });
    expect(answers).toEqual([
      expect.objectContaining({ result: expect.objectContaining({ name: 'payments' }) }),
      expect.objectContaining({ error: expect.objectContaining({ code: 1001 }) }),
    ]);
  });
});

/** Its types do not say what a failure is. */
function asError(failure: unknown): Error {
  return failure instanceof Error ? failure : new Error(JSON.stringify(failure));
}

describe('vscode-jsonrpc', () => {
  /** Reads what editors' own protocol frames with headers from lines instead. */
  class LineReader extends AbstractMessageReader {
    readonly #socket: Socket;

    constructor(socket: Socket) {
      super();
      this.#socket = socket;
    }

    listen(callback: DataCallback): Disposable {
      const lines = createInterface({ input: this.#socket });
      lines.on('line', (line) => callback(JSON.parse(line) as Message));
      lines.on('close', () => this.fireClose());
      return { dispose: () => lines.close() };
    }
  }

  class LineWriter extends AbstractMessageWriter {
    readonly #socket: Socket;

    constructor(socket: Socket) {
      super();
      this.#socket = socket;
    }

    async write(message: Message): Promise<void> {
      await new Promise<void>((resolve, reject) => {
        this.#socket.write(`${JSON.stringify(message)}\n`, (error) => (error ? reject(error) : resolve()));
      });
    }

    end(): void {
      this.#socket.end();
    }
  }

  async function client(): Promise<{ editor: MessageConnection; source_path: string }> {
    const daemon = await startDaemon();
    const source_path = await daemon.codebase('payments');
    const socket = createConnection(daemon.paths.socket);
    const editor = createMessageConnection(new LineReader(socket), new LineWriter(socket));
    editor.listen();
    return { editor, source_path };
  }

  test('calls methods', async () => {
    const { editor, source_path } = await client();
    const calls = [
      editor.sendRequest('projects.register', { name: 'payments', source_path }),
      editor.sendRequest('daemon.ping'),
    ];
    expect(await Promise.all(calls)).toEqual([expect.objectContaining({ name: 'payments' }), 'pong']);
    expect(await editor.sendRequest('projects.activate', { project: null })).toEqual({
      active_project: null,
    });
    editor.end();
  });

  test('gets errors with what comes with them', async () => {
    const { editor } = await client();
    const error: unknown = await editor
      .sendRequest('projects.get', { project: 'x' })
      .catch((e: unknown) => e);
    expect(error).toBeInstanceOf(ResponseError);
    expect(error).toMatchObject({ code: 1001, data: { kind: 'project_not_found' } });
    editor.end();
  });

  test('hears of changes', async () => {
    const { editor, source_path } = await client();
    const heard = new Promise((resolve) => {
      editor.onNotification('registry.event', resolve);
    });
    const { subscription } = await editor.sendRequest<{ subscription: string }>('registry.watch', {});
    await editor.sendRequest('projects.register', { name: 'payments', source_path });
    expect(await heard).toMatchObject({
      subscription,
      events: [{ type: 'registered' }, { type: 'activated' }],
    });
    editor.end();
  });

  test('may take a request back, which the registry ignores', async () => {
    const { editor, source_path } = await client();
    await editor.sendRequest('projects.register', { name: 'payments', source_path });
    await editor.sendRequest('training.begin', { project: 'payments' });
    const cancellation = new CancellationTokenSource();
    const params = { project: 'payments', wait_ms: 200 };
    const waiting = editor.sendRequest('training.wait', params, cancellation.token);
    cancellation.cancel();
    expect(await waiting).toBeNull();
    editor.end();
  });
});

test('ten lines of Python do', async (context) => {
  requireTools(context, 'python3');
  const daemon = await startDaemon();
  const client = await daemon.connect();
  await client.call('projects.register', {
    name: 'Ünïcode 日本語',
    source_path: await daemon.codebase('payments'),
  });
  const program = `
import json, socket, sys
registry = socket.socket(socket.AF_UNIX)
registry.connect(sys.argv[1])
lines = registry.makefile("rw", encoding="utf-8", newline="\\n")
request = {"jsonrpc": "2.0", "id": 1, "method": "projects.list", "params": {"status": "not_started"}}
print(json.dumps(request), file=lines, flush=True)
for project in json.loads(lines.readline())["result"]["projects"]:
    print(ascii(project["name"]))
`;
  const { stdout } = await promisify(execFile)('python3', ['-c', program, daemon.paths.socket]);
  expect(stdout).toBe("'\\xdcn\\xefcode \\u65e5\\u672c\\u8a9e'\n");
});
