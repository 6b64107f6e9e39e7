/** What is asked about the project that somebody looks at: its trainings, its code, and what its trainer prints. */
import { isNowhere } from '../../../src/system/errors.ts';
import type { WireProject } from '../../../src/domain/encoding.ts';
import type { Client } from '../../client.ts';
import { ConnectionError } from '../../errors.ts';
import { behindWords, withItsAhead } from '../codebase/behind.ts';
import type { Context } from '../context.ts';
import { FileNews } from '../daemon/file-news.ts';
import { explain } from '../errors.ts';
import { endedTrainings } from '../history/trainings.ts';
import { directoryOf, logIn } from '../logs/place.ts';
import { plainLine, PrintedLines } from '../logs/printed.ts';
import { TrainerLog } from '../logs/trainer-log.ts';
import { isGoneNow } from '../../codebase/gone.ts';
import { type About, NOTHING_KNOWN } from './pages/project.ts';

/** More than a screen has. Lines, and UTF-16 units of one. */
const MAX_LINES = 200;
const MAX_LINE = 1_000;
const NO_LOG = 'there is no log: gardener train keeps those of the last five trainings';

export class Details {
  readonly #ctx: Context;
  readonly #client: Client;
  readonly #changed: () => void;
  #about = NOTHING_KNOWN;
  #id = '';
  /** What was asked for: of which state of the project, and of which training. */
  #asked = '';
  #followed = '';
  #asking = new AbortController();
  #following = new AbortController();
  #ended = new AbortController();

  constructor(ctx: Context, client: Client, changed: () => void) {
    this.#ctx = ctx;
    this.#client = client;
    this.#changed = changed;
  }

  get about(): About {
    return this.#about;
  }

  /** Asks about a project as it is now, as far as that was not done; undefined where nobody looks at one. */
  show(project: WireProject | undefined): void {
    const { project_id: id = '', training, training_status: status, trained_from: from } = project ?? {};
    if (id !== this.#id) this.#about = NOTHING_KNOWN;
    this.#id = id;
    const followed = `${id} ${training?.token}`;
    if (followed !== this.#followed) {
      this.#followed = followed;
      this.#following.abort();
      this.#following = new AbortController();
      this.#ended = new AbortController();
      this.#about = { ...this.#about, log: [], note: undefined };
      if (project && training)
        void this.#follow(id, training.token, this.#following.signal, this.#ended.signal);
    }
    if (status !== 'training') this.#ended.abort();
    const asked = `${followed} ${status} ${from?.commit}`;
    if (asked === this.#asked) return;
    this.#asked = asked;
    this.#asking.abort();
    this.#asking = new AbortController();
    if (project) void this.#ask(project, this.#asking.signal);
  }

  /** What was asked of a daemon that was gone is asked once more. */
  again(): void {
    this.#asked = '';
    this.#followed = '';
  }

  close(): void {
    this.show(undefined);
  }

  async #ask(project: WireProject, signal: AbortSignal): Promise<void> {
    const failed = (error: unknown): void => this.#failed(error, signal);
    await Promise.all([
      endedTrainings(this.#client, project.project_id).then(
        (trainings) => this.#tell({ trainings }, signal),
        failed,
      ),
      withItsAhead(this.#ctx, this.#client, project).then(
        (compared) => this.#tell({ behind: behindWords(compared) }, signal),
        failed,
      ),
      isGoneNow(this.#client, project).then((isGone) => this.#tell({ isGone }, signal), failed),
    ]);
  }

  /** @param ended comes when the training has ended: what was printed until then is still read */
  async #follow(id: string, token: number, signal: AbortSignal, ended: AbortSignal): Promise<void> {
    const over = AbortSignal.any([signal, ended]);
    try {
      const log = await this.#open(logIn(await directoryOf(this.#ctx, this.#client, id), token), over);
      if (!log) return this.#tell({ note: NO_LOG }, signal);
      try {
        const printed = new PrintedLines();
        let lines: readonly string[] = [];
        for await (const bytes of log.follow(over)) {
          if (signal.aborted) return;
          const more = printed.push(bytes).slice(-MAX_LINES).map(shownLine);
          lines = [...lines, ...more].slice(-MAX_LINES);
          this.#tell({ log: printed.rest === '' ? lines : [...lines, shownLine(printed.rest)] }, signal);
        }
      } finally {
        await log.close();
      }
    } catch (error) {
      this.#failed(error, signal);
    }
  }

  #tell(more: Partial<About>, signal: AbortSignal): void {
    if (signal.aborted) return;
    this.#about = { ...this.#about, ...more };
    this.#changed();
  }

  /** That no daemon answers is said elsewhere, and it is asked again when one does. */
  #failed(error: unknown, signal: AbortSignal): void {
    if (error instanceof ConnectionError) return;
    this.#tell({ note: this.#ctx.tildes(explain(error).message) }, signal);
  }

  /** The log, once it is there; undefined where there is none when the training has ended. */
  async #open(path: string, over: AbortSignal): Promise<TrainerLog | undefined> {
    const news = new FileNews(path, over);
    try {
      for (;;) {
        // Asked before looking, as whoever trains may begin the log meanwhile.
        const isLast = over.aborted;
        const noticed = news.next();
        try {
          return await TrainerLog.open(path);
        } catch (error) {
          if (!isNowhere(error)) throw error;
        }
        if (isLast) return undefined;
        await noticed;
      }
    } finally {
      news.close();
    }
  }
}

function shownLine(line: string): string {
  return plainLine(line).slice(0, MAX_LINE);
}
