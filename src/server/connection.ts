/** One peer: takes the lines that come in, sends what goes out, and bounds both. */
import type { Socket } from 'node:net';
import { INVALID_REQUEST } from '../protocol/errors.ts';
import { MAX_LINE_BYTES } from '../protocol/limits.ts';
import { errorAnswer, type Message, readMessage } from '../protocol/wire.ts';
import type { Turns } from '../system/turns.ts';
import type { Outlet } from '../services/feed/subscription.ts';
import type { Peer } from '../services/call.ts';
import type { Exchange, Shared } from './exchange.ts';
import { type Holdings, inUnits } from './holdings.ts';
import { Inbox } from './inbox.ts';
import { Outbox } from './outbox.ts';
import { MAX_UNREAD_BYTES, Share } from './share.ts';

/** Requests taken in one turn, before the answers to them are weighed: each may be as long as the whole registry. */
const MAX_PER_TURN = 32;

export interface ConnectionCallbacks {
  /** Answers a message; null for nothing to say. Must not reject. */
  answer(message: Message, exchange: Exchange): Promise<string | null>;
  /** Called when nothing is under way any more. */
  idle(): void;
  /** Called when a peer that had not read what was sent has caught up. */
  writable(connection: Connection): void;
  /** Called when something threw that should not have; the connection is cut, as nobody knows what it has missed. */
  failed(error: unknown): void;
  /** Called when a peer will ask nothing more; it may still read answers. */
  ended(connection: Connection): void;
}

export class Connection implements Outlet {
  readonly #peer: Peer;
  readonly #socket: Socket;
  readonly #turns: Turns;
  readonly #holdings: Holdings;
  readonly #callbacks: ConnectionCallbacks;
  readonly #in = new Inbox();
  readonly #out: Outbox;
  readonly #share: Share;
  /** Enough was taken in this turn of the event loop. */
  #resting = false;
  #ended = false;
  #isWaitingForLess = false;

  constructor(socket: Socket, number: number, shared: Shared, callbacks: ConnectionCallbacks) {
    this.#turns = shared.turns;
    this.#holdings = shared.holdings;
    this.#out = new Outbox(socket);
    this.#share = new Share(shared.holdings, this, socket, this.#in, this.#out);
    this.#socket = socket;
    this.#callbacks = callbacks;
    this.#peer = { connection: number };
    socket.on('data', (chunk: Buffer) => this.#receive(chunk));
    socket.on('end', () => this.#end());
    socket.on('drain', () => {
      this.#holdings.moved(this);
      this.#out.flush();
      if (!this.congested) callbacks.writable(this);
      this.#resume();
      this.#share.weigh();
    });
    socket.on('close', () => this.#share.close());
    // A peer that vanishes is its own affair; 'close' follows.
    socket.on('error', () => socket.destroy());
  }

  /** Requests received and not answered yet; those that wait for the next turn count as one. */
  get inFlight(): number {
    return this.#share.requests + (this.#resting ? 1 : 0);
  }

  /** Whether the peer has said who it is, as client libraries do with `daemon.hello`. */
  get introduced(): boolean {
    return this.#peer.client !== undefined || this.#peer.client_pid !== undefined;
  }

  get closed(): boolean {
    return this.#out.isEnding || this.#socket.destroyed;
  }

  /** Whether the peer will ask nothing more. One that was killed looks the same as one that only reads from now on. */
  get ended(): boolean {
    return this.#ended || this.closed;
  }

  /** Whether the peer has not read all that was sent before. */
  get congested(): boolean {
    return this.#socket.writableNeedDrain || this.#out.bytes > MAX_UNREAD_BYTES;
  }

  /** Sends a line of its own accord. */
  send(text: string): void {
    this.#out.add(text);
    this.#out.scheduleFlush();
    this.#share.weigh();
  }

  /** Sends what is waiting and closes. */
  close(): void {
    this.#out.end();
    this.#share.weigh();
  }

  destroy(): void {
    this.#socket.destroy();
    this.#share.weigh();
  }

  #receive(chunk: Buffer): void {
    if (this.#out.isEnding) return;
    this.#in.add(chunk);
    this.#read();
  }

  /** Takes the lines that have come, for as long as not too much is under way. */
  #read(): void {
    let taken = 0;
    while (this.#in.hasLine) {
      // Whoever asks one thing is answered, whatever others have done in this turn.
      if (taken >= MAX_PER_TURN || (taken > 0 && this.#turns.isOver)) this.#rest();
      if (this.#resting || this.#share.isFull) {
        this.#socket.pause();
        this.#share.weigh();
        if (this.#holdings.areTooMuch) this.#resumeWhenLessIsHeld();
        return;
      }
      const line = this.#in.take();
      if (line === null) return this.#refuseLine();
      taken += this.#take(line);
    }
    const before = this.#in.begun;
    if (!this.#in.begin()) return this.#refuseLine();
    if (inUnits(this.#in.begun) > inUnits(before)) this.#holdings.moved(this);
    this.#share.weigh();
    if (this.#in.begun > 0 && this.#holdings.forbidsLine(this)) this.#holdBack();
  }

  /** Goes on in the next turn, when the answers of this one are known. */
  #rest(): void {
    if (this.#resting) return;
    this.#resting = true;
    this.#turns.whenNext(() => {
      this.#resting = false;
      this.#resume();
      if (this.inFlight === 0) this.#callbacks.idle();
    });
  }

  /** Has a line answered; returns how many requests it held. */
  #take(line: Buffer): number {
    const message = readMessage(line);
    const held = this.#share.open(message, line.length);
    const after: (() => void)[] = [];
    const exchange: Exchange = {
      peer: this.#peer,
      connection: this,
      afterAnswer: (action) => after.push(action),
      ...held,
    };
    this.#callbacks
      .answer(message, exchange)
      .then((text) => {
        held.end();
        this.#settle(text, after);
      })
      .catch((error: unknown) => {
        this.#callbacks.failed(error);
        this.destroy();
      });
    return message.entries.length;
  }

  /** A message is answered; null where nothing is said to it. */
  #settle(text: string | null, after: readonly (() => void)[]): void {
    if (text !== null) this.#out.add(text);
    for (const action of after) action();
    // With nothing else under way the answer goes out at once; otherwise the answers of this turn share a write.
    if (this.#share.requests === 0) {
      this.#holdings.answered(this);
      this.#out.flush();
    } else if (text !== null) this.#out.scheduleFlush();
    this.#share.weigh();
    this.#resume();
    if (this.inFlight === 0) this.#callbacks.idle();
  }

  /** Reads no more of a line while too much is held. */
  #holdBack(): void {
    this.#socket.pause();
    this.#share.weigh();
    this.#holdings.whenMayGoOn(this, () => {
      if (this.closed) this.#holdings.answered(this);
      else this.#resume();
    });
  }

  #resumeWhenLessIsHeld(): void {
    if (this.#isWaitingForLess) return;
    this.#isWaitingForLess = true;
    this.#holdings.whenLess(() => {
      this.#isWaitingForLess = false;
      this.#resume();
    });
  }

  #resume(): void {
    this.#share.goOn();
    if (this.#resting || this.#share.isFull || this.#out.isEnding) return;
    if (this.#in.waiting > 0) this.#read();
    if (this.#in.waiting > 0) return;
    if (this.#ended) this.#finish();
    else if (this.#socket.isPaused() && !this.#holdings.isInLine(this)) {
      this.#socket.resume();
      this.#share.weigh();
    }
  }

  /** The peer has said all it will say, and may still read. */
  #end(): void {
    this.#ended = true;
    this.#callbacks.ended(this);
    this.#resume();
  }

  #finish(): void {
    // A last line without a line feed counts; half a request is no JSON and changes nothing.
    const line = this.#in.begun > 0 ? this.#in.take() : null;
    if (line) this.#take(line);
    if (this.#share.requests === 0) this.close();
  }

  #refuseLine(): void {
    this.#in.clear();
    const message = `invalid request: a line longer than ${MAX_LINE_BYTES} bytes; the connection closes`;
    this.#out.add(JSON.stringify(errorAnswer(null, INVALID_REQUEST, message)));
    this.close();
    discard(this.#socket);
  }
}

/** Throws away what is still coming; a peer that goes on sending is cut off. */
function discard(socket: Socket): void {
  socket.resume();
  socket.setTimeout(1_000, () => socket.destroy());
  let excess = 0;
  socket.on('data', (chunk: Buffer) => {
    excess += chunk.length;
    if (excess > MAX_LINE_BYTES) socket.destroy();
  });
}
