/** What is held for one peer, and what follows from it: whether more is taken from this one, and from all others. */
import type { Socket } from 'node:net';
import { MAX_IN_FLIGHT } from '../protocol/limits.ts';
import type { Message } from '../protocol/wire.ts';
import { type HeldPeer, type Holdings, inUnits } from './holdings.ts';
import type { Exchange } from './exchange.ts';
import type { Inbox } from './inbox.ts';
import type { Outbox } from './outbox.ts';

/** Answers waiting for a peer that does not read them; beyond that it is not read either. Bytes. */
export const MAX_UNREAD_BYTES = 1024 * 1024;

/** What is under way, and held for it: of one message, or of all of a peer. */
interface Load {
  /** Requests that are not answered yet. */
  requests: number;
  /** The lines that they came in. Bytes. */
  asked: number;
  /** Answers that are known and not written out yet. Bytes. */
  expected: number;
  /** Calls of batches that wait for something of their own accord. */
  parked: number;
}

export class Share {
  readonly #holdings: Holdings;
  readonly #peer: HeldPeer;
  readonly #socket: Socket;
  readonly #in: Inbox;
  readonly #out: Outbox;
  readonly #load: Load = { requests: 0, asked: 0, expected: 0, parked: 0 };
  /** Calls that wait until the peer has read what was answered before. */
  readonly #waitingForRoom: (() => void)[] = [];
  constructor(holdings: Holdings, peer: HeldPeer, socket: Socket, inbox: Inbox, outbox: Outbox) {
    this.#holdings = holdings;
    this.#peer = peer;
    this.#socket = socket;
    this.#in = inbox;
    this.#out = outbox;
  }

  /** Requests received and not answered yet. */
  get requests(): number {
    return this.#load.requests;
  }

  /** What the peer is answered and has not read. Bytes. */
  get #unread(): number {
    return this.#load.expected + this.#out.bytes;
  }

  /** Whether more may be answered than the peer has not read yet; there is no need where nothing is sent any more. */
  get #hasRoom(): boolean {
    return this.#unread <= MAX_UNREAD_BYTES || this.#out.isEnding || this.#socket.destroyed;
  }

  /** Whether no other line may be taken. */
  get isFull(): boolean {
    if (this.#load.requests >= MAX_IN_FLIGHT || !this.#hasRoom) return true;
    return (this.#unread > 0 || inUnits(this.#load.asked) > 0) && this.#holdings.areTooMuch;
  }

  /** A line was read to its end, and is being answered until `end` is called. */
  open(
    { batch, entries }: Message,
    bytes: number,
  ): Pick<Exchange, 'expect' | 'parks' | 'room'> & { end(): void } {
    const held: Load = { requests: entries.length, asked: bytes, expected: 0, parked: 0 };
    this.#load.requests += held.requests;
    this.#load.asked += held.asked;
    const count = (key: keyof Load, more: number): void => {
      held[key] += more;
      this.#load[key] += more;
      this.weigh();
    };
    this.#holdings.lineEnded(this.#peer);
    return {
      expect: (more) => count('expected', more),
      parks: () => {
        // All that was sent in a batch waits, too, for as long as the peer likes.
        if (batch) return count('parked', 1);
        // What it was given is short, however long the line was.
        this.#holdings.answered(this.#peer);
        count('asked', -held.asked);
      },
      room: () => (this.#hasRoom ? null : new Promise<void>((resolve) => this.#waitingForRoom.push(resolve))),
      end: () => {
        for (const key of Object.keys(held) as (keyof Load)[]) this.#load[key] -= held[key];
      },
    };
  }

  /** Has a call go on that waits for the peer to read, if it has read enough. */
  goOn(): void {
    if (this.#hasRoom) this.#waitingForRoom.shift()?.();
  }

  /** Nothing is read any more: has all calls go on that wait for it. */
  close(): void {
    this.#holdings.answered(this.#peer);
    for (const goOn of this.#waitingForRoom.splice(0)) goOn();
    this.weigh();
  }

  /** Tells how much is held for this peer, and how much of it until the peer goes on. */
  weigh(): void {
    const { asked, expected, parked } = this.#load;
    const bytes = this.#in.reserved + this.#in.waiting + asked + this.#unread;
    const unended = this.#socket.isPaused() ? 0 : this.#in.reserved;
    const waiting = parked > 0 ? asked + expected : 0;
    const awaited = unended + waiting + this.#out.bytes;
    this.#holdings.set(this.#peer, this.#socket.destroyed ? 0 : bytes, awaited);
  }
}
