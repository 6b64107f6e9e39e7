/** Which leases a client was given, and where each is to write. */
import type { Output } from '../src/domain/training/output.ts';
import { isJsonObject } from '../src/domain/values/json.ts';
import type { Result } from '../src/protocol/methods.ts';

/** Nobody has so many at a time; those that were lost are ended by nobody. */
const MAX_LEASES = 1_000;

interface Lease {
  /** Its id. */
  readonly project: string;
  readonly token: number;
  readonly output: Output;
}

export class Leased {
  readonly #leases: Lease[] = [];

  /** @param result of any call */
  note(result: unknown): void {
    if (!isLease(result)) return;
    const { project, token, output } = result;
    this.#leases.push({ project: project.project_id, token, output });
    if (this.#leases.length > MAX_LEASES) this.#leases.shift();
  }

  /**
   * The lease that is meant; undefined for none of these.
   *
   * @param idOf the id of the project that a reference means; asked where two projects have one token
   */
  async find(params: unknown, idOf: (reference: string) => Promise<string>): Promise<Lease | undefined> {
    if (!isJsonObject(params) || typeof params['project'] !== 'string') return undefined;
    const { project, token } = params;
    const those = this.#leases.filter((lease) => lease.token === token);
    const [first] = those;
    if (those.length > 1 && those.some((lease) => lease.project === project))
      return those.find((lease) => lease.project === project);
    if (those.every((lease) => lease.project === first?.project)) return first;
    const id = await idOf(project);
    return those.find((lease) => lease.project === id);
  }
}

/** An answer of a daemon that knows no outputs is none. */
export function isLease(result: unknown): result is Result<'training.begin'> {
  return isJsonObject(result) && isJsonObject(result['output']) && isJsonObject(result['project']);
}
