/** What the tests of the client have in common. */
import { once } from 'node:events';
import { createConnection, type Socket } from 'node:net';
import { type Client, RegistryClient } from '../../client/client.ts';
import { Connection } from '../../client/wire/connection.ts';
import { connect } from '../../client/index.ts';
import { type Behaviour, HELLO, standIn, type StandIn } from './stand-in.ts';

/** A client, and the stand-in that it talks to. */
export async function pair(behave?: Behaviour): Promise<{ daemon: StandIn; client: Client }> {
  const daemon = await standIn(behave);
  return { daemon, client: await connect({ socket: daemon.socket, autoStart: false }) };
}

/** The reason a promise is rejected with. */
export const reasonOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );

/** A client with its sockets, the latest last, for a look at what happens on them and for mishaps in mid-call. */
export async function clientOfSockets({
  socket: path,
}: StandIn): Promise<{ client: Client; sockets: Socket[] }> {
  const sockets: Socket[] = [];
  const open = async () => {
    const socket = createConnection(path);
    sockets.push(socket);
    await once(socket, 'connect');
    return { connection: new Connection(socket, path), hello: HELLO };
  };
  const options = { open, deadline: 5_000, warn: () => undefined, socketAlone: false };
  return { client: new RegistryClient(await open(), options), sockets };
}
