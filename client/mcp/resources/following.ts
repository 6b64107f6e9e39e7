/** Follows the registry for as long as a session lasts: also while its daemon is away, which it starts only once. */
import { isPassing } from '../../training/refusals.ts';
import { pause } from '../../wire/deadline.ts';
import type { Session } from '../session.ts';
import { Known } from './known.ts';

/** Between two attempts, where the daemon could not be reached or takes nobody. Milliseconds. */
const AGAIN_MS = 2_000;

/** An attempt to follow: resolves with nothing once it does, or with why it does not. */
interface Attempt {
  readonly outcome: Promise<Error | undefined>;
  readonly settle: (why?: Error) => void;
}

export class Following {
  readonly #session: Session;
  readonly #tell: (changed: ReadonlySet<string>) => void;
  readonly #known = new Known();
  /** Whether something may have been read that is other now. */
  #tells = false;
  #isUnderWay = false;
  #attempt = newAttempt();

  /** @param tell is given the resources that are other, as {@link Known.take} has them */
  constructor(session: Session, tell: (changed: ReadonlySet<string>) => void) {
    this.#session = session;
    this.#tell = tell;
  }

  /** Begins, unless it has; resolves once nothing is missed any more, or with the error for which that is not so now. */
  begin(): Promise<Error | undefined> {
    if (!this.#isUnderWay) void this.#run();
    return this.#attempt.outcome;
  }

  async #run(): Promise<void> {
    this.#isUnderWay = true;
    const ended = new AbortController();
    const { signal } = ended;
    const release = this.#session.hold(async () => ended.abort());
    for (let isFirst = true, goesOn = true; goesOn; isFirst = false) {
      try {
        // Whoever ends the daemon after that means it.
        await (isFirst ? this.#session.client() : pause(AGAIN_MS, signal));
        await this.#follow(signal);
      } catch (error) {
        this.#attempt.settle(error instanceof Error ? error : new Error(String(error)));
        this.#attempt = newAttempt();
        this.#tells = true;
        goesOn = !signal.aborted && isPassing(error);
      }
    }
    release();
    this.#isUnderWay = false;
  }

  /** Ends by throwing. */
  async #follow(signal: AbortSignal): Promise<void> {
    const client = await this.#session.observe(signal);
    try {
      for await (const event of client.watch({ signal })) {
        const changed = this.#known.take(event);
        if (this.#tells && changed.size > 0) this.#tell(changed);
        this.#tells = true;
        this.#attempt.settle();
      }
    } finally {
      await client.close();
    }
  }
}

function newAttempt(): Attempt {
  let settle: Attempt['settle'] = () => undefined;
  const outcome = new Promise<Error | undefined>((resolve) => (settle = resolve));
  return { outcome, settle };
}
