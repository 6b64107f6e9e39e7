/** Mending what is wrong between the registry and the disk, as far as it can be. */
import { basename } from 'node:path';
import type { Draft } from '../domain/draft.ts';
import type { Issue, IssueCode } from '../domain/issues.ts';
import { retrain, setStatus } from '../domain/training/status.ts';
import type { Store } from '../store/store.ts';
import { makeOwnDirectory } from './directories.ts';
import { inspect, type Surroundings } from './inspection.ts';
import type { Discarded } from './trash/trash.ts';
import { noteMoved } from './note-moved.ts';

/**
 * Mends what can be mended. `orphan_dir` only when named, because that deletes data.
 *
 * @param codes only these; default all but `orphan_dir`
 */
export async function repair(
  store: Store,
  surroundings: Surroundings,
  codes?: readonly IssueCode[],
): Promise<{ fixed: Issue[]; remaining: Issue[] }> {
  const { trash } = surroundings;
  const wanted = (issue: Issue): boolean =>
    issue.fixable && (codes ? codes.includes(issue.code) : issue.code !== 'orphan_dir');
  const before = await inspect(store.registry, surroundings);
  const chosen = before.filter(wanted);
  if (chosen.length > 0) {
    const orphans = chosen.flatMap(({ code, path }) =>
      code === 'orphan_dir' && path !== undefined ? basename(path) : [],
    );
    let entry: string | undefined;
    const mend = (draft: Draft, now: string): void => {
      for (const { code, project_id: id } of chosen) {
        const status = draft.get(id ?? '')?.training_status;
        if (code === 'active_missing' && draft.active !== null && !draft.get(draft.active)) {
          const [first] = draft.projects();
          draft.activate(first?.project_id ?? null);
        } else if (id === undefined) continue;
        else if (code === 'adapter_missing' && status === 'completed')
          retrain(draft, id, now, 'the adapter is missing');
        // Somebody may have begun since.
        else if (code === 'training_stale' && status === 'training' && !surroundings.isTraining(id))
          setStatus(draft, id, 'failed', now, { error: 'training was abandoned' });
      }
    };
    await store.change(mend, undefined, false, {
      operation: 'repair',
      directories: () => orphans,
      noted: (name) => (entry = name),
    });
    // Whether it still belongs to nobody is decided anew, where no change can come between.
    const discarded: Discarded[] = [];
    for (const name of orphans) discarded.push(await trash.discard(name));
    await noteMoved({ store, log: surroundings.log }, entry, discarded);
    for (const { code, path } of chosen) {
      if (path === undefined) continue;
      if (code === 'project_dir_missing') await makeOwnDirectory(path, surroundings);
      if (code === 'left_behind') await trash.tryAgain(path);
    }
  }
  const remaining = await inspect(store.registry, surroundings);
  const still = new Set(remaining.map(keyOf));
  return { fixed: chosen.filter((issue) => !still.has(keyOf(issue))), remaining };
}

function keyOf({ code, project_id, path }: Issue): string {
  return JSON.stringify([code, project_id, path]);
}
