/** What keys change in the registry, and how that is told in a line. */
import type { Client } from '../../client.ts';
import type { Context } from '../context.ts';
import { explain, type Hints } from '../errors.ts';
import { printable } from '../terminal/text.ts';
import type { WatchState } from './state.ts';
import type { Change, Said } from './keys/view.ts';

const HINTS: Hints = { project_not_found: 'it was removed', lease_held: 'c, which cancels that training' };

/** Does it, and says in any case what has come of it: nothing that the registry has against it ends a watch. */
export async function change(
  ctx: Context,
  client: Client,
  state: WatchState,
  { what, id, token }: Change,
): Promise<Said> {
  try {
    return { text: await CHANGES[what](client, state, id, token) };
  } catch (error) {
    const { message, hint } = explain(error, HINTS, ctx.socketAlone);
    const advice = hint === undefined ? '' : `; try: ${ctx.advise(hint)}`;
    return { text: ctx.tildes(message) + advice, isBad: true };
  }
}

const CHANGES: Readonly<
  Record<Change['what'], (client: Client, state: WatchState, id: string, token?: number) => Promise<string>>
> = {
  async cancel(client, state, id, token) {
    // The person was asked about this training, and about no later one.
    if (state.get(id)?.training?.token !== token) return 'that training has ended';
    const { name, training } = await client.training.cancel({ project: id });
    if (!training?.cancel_requested) return `nobody trains ${printable(name)}`;
    return `asked ${printable(training.holder?.name ?? 'the trainer')} to stop training ${printable(name)}`;
  },
  async retrain(client, _state, id) {
    const { name } = await client.projects.retrain({ project: id });
    return `${printable(name)} waits for training now`;
  },
  async use(client, _state, id) {
    const { active_project: active } = await client.projects.activate({ project: id });
    return `active now: ${printable(active?.name ?? 'none')}`;
  },
};

/** What is said as long as the answer takes. */
export function doingWords({ what, id }: Change, state: WatchState): string {
  const name = printable(state.get(id)?.name ?? '');
  if (what === 'cancel') return `asking to stop the training of ${name}`;
  return what === 'retrain' ? `asking for ${name} to be trained again` : `making ${name} the active project`;
}
