/** One peer: cuts what comes in into lines, sends what goes out in as few writes as possible, and bounds both. */
import type { Socket } from 'node:net';
import { MAX_IN_FLIGHT, MAX_LINE_BYTES } from '../protocol/limits.ts';
import { INVALID_REQUEST } from '../protocol/errors.ts';
import { errorAnswer, type Message, readMessage } from '../protocol/wire.ts';
import type { Turns } from '../system/turns.ts';
import type { Holdings } from '../services/holdings.ts';
import { Outbox } from './outbox.ts';
import type { Outlet } from '../services/events.ts';
import type { Exchange, Peer } from '../services/handlers/types.ts';

/** Answers waiting for a peer that does not read them; beyond that it is not read either. Bytes. */
const MAX_UNREAD_BYTES = 1024 * 1024;
/** Requests taken in one turn, before the answers to them are weighed: each may be as long as the whole registry. */
const MAX_PER_TURN = 32;

/** What is held for a peer is counted in these. Bytes. */
const WEIGHT_UNIT = 16 * 1024;

const LINE_FEED = 0x0a;
const NOTHING = Buffer.alloc(0);

/** Answers a message; null for nothing to say. Must not reject. */
export type Answerer = (message: Message, exchange: Exchange) => Promise<string | null>;

/** What all connections have in common. */
export interface Shared {
  readonly turns: Turns;
  readonly holdings: Holdings;
}

export interface ConnectionEvents {
  readonly answer: Answerer;
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
  readonly #events: ConnectionEvents;
  /** The beginning of a line whose end has not come yet, with room for more. */
  #partial = NOTHING;
  #partialBytes = 0;
  /** What was received and not looked at, because enough is under way. */
  #backlog: Buffer | null = null;
  #inFlight = 0;
  /** Enough was taken in this turn of the event loop. */
  #resting = false;
  #ended = false;
  #closing = false;
  readonly #out: Outbox;
  /** Answers that are known and not written out yet. Bytes. */
  #expected = 0;
  /** Lines that are not answered yet. Bytes. */
  #asked = 0;
  /** Batches that wait for something of their own accord. */
  #parked = 0;
  /** Made to wait in the middle of a line. */
  #isHeldBack = false;
  /** May end the line that it is in, whatever is held. */
  #mayEndLine = false;
  #isWaitingForLess = false;
  /** Calls that wait until the peer has read what was answered before. */
  readonly #waitingForRoom: (() => void)[] = [];
  #weight = 0;
  #awaited = 0;

  constructor(socket: Socket, number: number, shared: Shared, events: ConnectionEvents) {
    this.#turns = shared.turns;
    this.#holdings = shared.holdings;
    this.#out = new Outbox(socket);
    this.#socket = socket;
    this.#events = events;
    this.#peer = { connection: number };
    socket.on('data', (chunk: Buffer) => this.#receive(chunk));
    socket.on('end', () => this.#end());
    socket.on('drain', () => {
      this.#holdings.moved(this);
      this.#out.flush();
      if (!this.congested) events.writable(this);
      this.#resume();
      this.#weigh();
    });
    socket.on('close', () => {
      this.#holdings.answered(this);
      for (const goOn of this.#waitingForRoom.splice(0)) goOn();
      this.#weigh();
    });
    // A peer that vanishes is its own affair; 'close' follows.
    socket.on('error', () => socket.destroy());
  }

  /** Requests received and not answered yet; those that wait for the next turn count as one. */
  get inFlight(): number {
    return this.#inFlight + (this.#resting ? 1 : 0);
  }

  /** Whether the peer has said who it is, as client libraries do with `daemon.hello`. */
  get introduced(): boolean {
    return this.#peer.client !== undefined || this.#peer.client_pid !== undefined;
  }

  get closed(): boolean {
    return this.#closing || this.#socket.destroyed;
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
    this.#weigh();
  }

  /** Sends what is waiting and closes. */
  close(): void {
    this.#closing = true;
    this.#out.end();
    this.#weigh();
  }

  destroy(): void {
    this.#socket.destroy();
    this.#weigh();
  }

  #receive(received: Buffer): void {
    if (this.#closing) return;
    const chunk = this.#backlog ? Buffer.concat([this.#backlog, received]) : received;
    this.#backlog = null;
    let start = 0;
    let taken = 0;
    for (let end = chunk.indexOf(LINE_FEED); end !== -1; end = chunk.indexOf(LINE_FEED, start)) {
      // Whoever asks one thing is answered, whatever others have done in this turn.
      if (taken >= MAX_PER_TURN || (taken > 0 && this.#turns.isOver)) this.#rest();
      if (this.#resting || this.#isFull()) {
        this.#backlog = chunk.subarray(start);
        this.#socket.pause();
        this.#weigh();
        if (this.#holdings.areTooMuch) this.#resumeWhenLessIsHeld();
        return;
      }
      const piece = chunk.subarray(start, end);
      start = end + 1;
      if (this.#partialBytes + piece.length > MAX_LINE_BYTES) return this.#refuseLine();
      taken += this.#take(piece);
    }
    const before = this.#partialBytes;
    if (start < chunk.length) this.#keep(chunk.subarray(start));
    if (this.#partialBytes > MAX_LINE_BYTES) return this.#refuseLine();
    if (inUnits(this.#partialBytes) > inUnits(before)) this.#holdings.moved(this);
    this.#weigh();
    if (this.#partialBytes > 0 && this.#holdings.areTooMuch && !this.#mayEndLine) this.#holdBack();
  }

  /** Copies a piece of a line: a peer that sends byte by byte must not cost a buffer each. */
  #keep(piece: Buffer): void {
    const bytes = this.#partialBytes + piece.length;
    if (bytes > this.#partial.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(bytes, 2 * this.#partial.length));
      this.#partial.copy(larger, 0, 0, this.#partialBytes);
      this.#partial = larger;
    }
    piece.copy(this.#partial, this.#partialBytes);
    this.#partialBytes = bytes;
  }

  /** Goes on in the next turn, when the answers of this one are known. */
  #rest(): void {
    if (this.#resting) return;
    this.#resting = true;
    this.#turns.whenNext(() => {
      this.#resting = false;
      this.#resume();
      if (this.inFlight === 0) this.#events.idle();
    });
  }

  /** Takes the last piece of a line; returns how many requests it held. */
  #take(piece: Buffer): number {
    let line = piece;
    if (this.#partialBytes > 0) {
      this.#keep(piece);
      line = this.#partial.subarray(0, this.#partialBytes);
    }
    this.#partial = NOTHING;
    this.#partialBytes = 0;
    this.#mayEndLine = false;
    const message = readMessage(line);
    const weight = message.entries.length;
    let asked = line.length;
    this.#inFlight += weight;
    this.#asked += asked;
    this.#holdings.moved(this);
    let expected = 0;
    let parked = 0;
    const after: (() => void)[] = [];
    const exchange: Exchange = {
      peer: this.#peer,
      connection: this,
      afterAnswer: (action) => after.push(action),
      expect: (bytes) => {
        expected += bytes;
        this.#expected += bytes;
        this.#weigh();
      },
      parks: () => {
        if (message.batch) {
          // All that was sent with it waits, too, for as long as the peer likes.
          this.#parked += 1;
          parked += 1;
        } else {
          // What it was given is short, however long the line was.
          this.#asked -= asked;
          asked = 0;
          this.#holdings.answered(this);
        }
        this.#weigh();
      },
      room: () => (this.#hasRoom ? null : new Promise<void>((resolve) => this.#waitingForRoom.push(resolve))),
    };
    const settle = (text: string | null): void => {
      this.#inFlight -= weight;
      this.#asked -= asked;
      this.#expected -= expected;
      this.#parked -= parked;
      if (text !== null) this.#out.add(text);
      for (const action of after) action();
      // With nothing else under way the answer goes out at once; otherwise the answers of this turn share a write.
      if (this.#inFlight === 0) this.#holdings.answered(this);
      if (this.#inFlight === 0) this.#out.flush();
      else if (text !== null) this.#out.scheduleFlush();
      this.#weigh();
      this.#resume();
      if (this.inFlight === 0) this.#events.idle();
    };
    this.#events
      .answer(message, exchange)
      .then(settle)
      .catch((error: unknown) => {
        this.#events.failed(error);
        this.destroy();
      });
    return weight;
  }

  /** Whether more may be answered than the peer has not read yet; there is no need where nothing is sent any more. */
  get #hasRoom(): boolean {
    return this.#expected + this.#out.bytes <= MAX_UNREAD_BYTES || this.closed;
  }

  #isFull(): boolean {
    if (this.#inFlight >= MAX_IN_FLIGHT) return true;
    if (!this.#hasRoom) return true;
    const unread = this.#expected + this.#out.bytes;
    return (unread > 0 || this.#asked >= WEIGHT_UNIT) && this.#holdings.areTooMuch;
  }

  /** Tells how much is held for this peer, and how much of it until the peer goes on. */
  #weigh(): void {
    const input = this.#partial.length + (this.#backlog?.length ?? 0) + this.#asked;
    const bytes = this.#socket.destroyed ? 0 : input + this.#expected + this.#out.bytes;
    const unended = this.#socket.isPaused() ? 0 : this.#partial.length;
    const parked = this.#parked > 0 ? this.#asked + this.#expected : 0;
    // Most peers have asked one short thing, and are not worth the counting.
    const weight = inUnits(bytes);
    const awaited = Math.min(weight, inUnits(unended + parked + this.#out.bytes));
    if (weight === this.#weight && awaited === this.#awaited) return;
    this.#weight = weight;
    this.#awaited = awaited;
    this.#holdings.set(this, weight, awaited);
  }

  /** Reads no more of a line while too much is held. */
  #holdBack(): void {
    this.#socket.pause();
    this.#weigh();
    if (this.#isHeldBack) return;
    this.#isHeldBack = true;
    this.#holdings.whenMayGoOn(this, (mayEndLine) => {
      this.#isHeldBack = false;
      if (this.closed) {
        this.#holdings.answered(this);
        return;
      }
      this.#mayEndLine = mayEndLine;
      this.#resume();
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
    if (this.#hasRoom) this.#waitingForRoom.shift()?.();
    if (this.#resting || this.#isFull() || this.#closing) return;
    if (this.#backlog) {
      const backlog = this.#backlog;
      this.#backlog = null;
      this.#receive(backlog);
    }
    if (this.#backlog) return;
    if (this.#ended) this.#finish();
    else if (this.#socket.isPaused() && !this.#isHeldBack) {
      this.#socket.resume();
      this.#weigh();
    }
  }

  /** The peer has said all it will say, and may still read. */
  #end(): void {
    this.#ended = true;
    this.#events.ended(this);
    this.#resume();
  }

  #finish(): void {
    // A last line without a line feed counts; half a request is no JSON and changes nothing.
    if (this.#partialBytes > 0) this.#take(NOTHING);
    if (this.#inFlight === 0) this.close();
  }

  #refuseLine(): void {
    this.#partial = NOTHING;
    this.#partialBytes = 0;
    const message = `invalid request: a line longer than ${MAX_LINE_BYTES} bytes; the connection closes`;
    this.#out.add(JSON.stringify(errorAnswer(null, INVALID_REQUEST, message)));
    this.close();
    // What is still coming is thrown away; a peer that goes on sending is cut off.
    this.#socket.resume();
    this.#socket.setTimeout(1_000, () => this.#socket.destroy());
    let excess = 0;
    this.#socket.on('data', (chunk: Buffer) => {
      excess += chunk.length;
      if (excess > MAX_LINE_BYTES) this.#socket.destroy();
    });
  }
}

function inUnits(bytes: number): number {
  return bytes - (bytes % WEIGHT_UNIT);
}
