import { describe, expect, test } from 'vitest';
import { MAX_LINE_BYTES } from '../../src/protocol/limits.ts';
import { startDaemon } from '../support/daemon.ts';
import type { Answer } from '../support/lines.ts';

const PING = '{"jsonrpc":"2.0","id":1,"method":"daemon.ping"}';
const PONG = '{"jsonrpc":"2.0","id":1,"result":"pong"}';
const parseError = { id: null, error: { code: -32700 } };

/** A ping of exactly so many bytes, without its line feed. */
function longPing(bytes: number): Buffer {
  const line = Buffer.alloc(bytes, ' ');
  line.write(PING);
  return line;
}

describe('a line', () => {
  test('may end with CR LF and have spaces around it', async () => {
    const { connect } = await startDaemon();
    const peer = await connect();
    peer.write(`  ${PING} \r\n`);
    expect(await peer.line()).toBe(PONG);
  });

  test('that is blank is no JSON', async () => {
    const { connect } = await startDaemon();
    const peer = await connect();
    peer.write('\n');
    expect(await peer.next()).toMatchObject(parseError);
  });

  test('may come byte by byte, split within a character', async () => {
    const { connect, codebase } = await startDaemon();
    const peer = await connect();
    const params = { name: '日本語 🌱', source_path: await codebase('x') };
    peer.socket.setNoDelay(true);
    const bytes = Buffer.from(
      `{"jsonrpc":"2.0","id":1,"method":"projects.register","params":${JSON.stringify(params)}}\n`,
    );
    for (const byte of bytes) {
      peer.write(Buffer.of(byte));
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(await peer.next()).toMatchObject({ result: { name: '日本語 🌱' } });
  });

  test('that is not UTF-8 is no JSON, and the next one is read', async () => {
    const { connect } = await startDaemon();
    const peer = await connect();
    peer.write(
      Buffer.concat([Buffer.from('{"jsonrpc":"2.0","id":"'), Buffer.of(0xff, 0xc3), Buffer.from('"}\n')]),
    );
    peer.write(`${PING}\n`);
    expect(await peer.next()).toMatchObject(parseError);
    expect(await peer.line()).toBe(PONG);
  });

  test('of garbage costs its sender an answer and nobody anything', async () => {
    const { connect } = await startDaemon();
    const [vandal, other] = [await connect(), await connect()];
    vandal.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    vandal.write(Buffer.from([0, 1, 2, 3, 10, 0xfe, 10]));
    for (let line = 0; line < 5; line += 1) expect(await vandal.next()).toMatchObject(parseError);
    expect(await other.call('daemon.ping')).toBe('pong');
  });

  test('that is the last may do without its line feed', async () => {
    const { connect } = await startDaemon();
    const peer = await connect();
    peer.socket.end(PING);
    expect(await peer.line()).toBe(PONG);
    await peer.closed;
  });

  test('that is cut off half-way changes nothing', async () => {
    const { connect, codebase } = await startDaemon();
    const peer = await connect();
    const source = await codebase('x');
    peer.socket.end(
      `{"jsonrpc":"2.0","id":1,"method":"projects.register","params":{"name":"x","source_path":"${source}"}`,
    );
    expect(await peer.next()).toMatchObject(parseError);
    await peer.closed;
    expect(await (await connect()).call('projects.count')).toBe(0);
  });

  test('of 4 MiB is read', async () => {
    const { connect } = await startDaemon();
    const peer = await connect();
    peer.write(Buffer.concat([longPing(MAX_LINE_BYTES), Buffer.from(`\n${PING}\n`)]));
    expect([await peer.line(), await peer.line()]).toEqual([PONG, PONG]);
  });

  test.each([
    ['with its line feed', '\n'],
    ['without a line feed', ''],
  ])('one byte longer is refused, and the connection closes (%s)', async (_kind, ending) => {
    const { connect } = await startDaemon();
    const [peer, other] = [await connect(), await connect()];
    peer.write(Buffer.concat([longPing(MAX_LINE_BYTES + 1), Buffer.from(ending)]));
    expect(await peer.next()).toMatchObject({ id: null, error: { code: -32600 } });
    peer.socket.end();
    await peer.closed;
    expect(await other.call('daemon.ping')).toBe('pong');
  });

  test('that never ends is cut off', async () => {
    const { connect, daemon } = await startDaemon();
    const peer = await connect();
    const flood = Buffer.alloc(1024 * 1024, 'x');
    // Goes on whatever is answered, until it cannot.
    const pump = (): void => {
      while (!peer.socket.destroyed && peer.socket.write(flood));
    };
    peer.socket.on('drain', pump);
    pump();
    expect(await peer.next()).toMatchObject({ error: { code: -32600 } });
    await peer.closed;
    expect(daemon.status().connections).toBe(0);
  });
});

describe('many requests', () => {
  test('in one chunk are all answered', async () => {
    const { connect } = await startDaemon();
    const peer = await connect();
    const count = 500;
    peer.send(...Array.from({ length: count }, (_, id) => ({ jsonrpc: '2.0', id, method: 'daemon.ping' })));
    const ids = new Set<Answer['id']>();
    for (let seen = 0; seen < count; seen += 1) ids.add((await peer.next()).id);
    expect(ids.size).toBe(count);
  });

  test('that are more than may be in flight wait their turn, and all are answered', async () => {
    const { connect } = await startDaemon();
    const peer = await connect();
    const count = 5_000;
    peer.send(
      ...Array.from({ length: count }, (_, id) => ({
        jsonrpc: '2.0',
        id,
        method: id % 50 === 0 ? 'registry.validate' : 'projects.count',
      })),
    );
    peer.socket.end();
    await peer.closed;
    const answers = peer.waiting.map((line) => JSON.parse(line) as Answer);
    expect(new Set(answers.map(({ id }) => id)).size).toBe(count);
    expect(answers.filter(({ error }) => error)).toEqual([]);
  });

  test('and a batch in the middle of them keep apart', async () => {
    const { connect } = await startDaemon();
    const peer = await connect();
    peer.write(`${PING}\n[${PING},${PING}]\n${PING}\n`);
    const lines = [await peer.line(), await peer.line(), await peer.line()];
    expect(lines.toSorted()).toEqual([PONG, PONG, `[${PONG},${PONG}]`].toSorted());
  });
});
