/** What the tests of the client have in common. */
import { type Client, connect } from '../../client/index.ts';
import { type Behaviour, standIn, type StandIn } from './stand-in.ts';

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
