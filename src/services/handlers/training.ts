import { findProject } from '../../domain/places/references.ts';
import type { Project } from '../../domain/project.ts';
import { type Ended, servingOf } from '../../domain/training/history.ts';
import type { Result } from '../../protocol/methods.ts';
import { RawJson } from '../../protocol/wire.ts';
import type { Context } from '../call.ts';
import type { Pruned } from '../outputs/pruning.ts';
import type { Services } from '../services.ts';
import { byId } from './by-id.ts';
import type { Family } from './types.ts';

type Begun = Awaited<ReturnType<Services['trainings']['resume']>>;

export function trainingHandlers({ store, trainings, places }: Services): Family<'training'> {
  const { results, left } = trainings;
  const json = (project: Project): RawJson<Result<'projects.get'>> => new RawJson(trainings.json(project));
  const lease = ({ token, project }: Begun): RawJson<Result<'training.begin'>> => {
    const output = JSON.stringify(left.outputs.of(project.project_id, token));
    const { slot } = project.training ?? {};
    const inSlot = slot === undefined ? '' : `,"slot":${JSON.stringify(slot)}`;
    return new RawJson(`{"token":${token},"project":${trainings.json(project)}${inSlot},"output":${output}}`);
  };
  const named = async <P extends { readonly project: string }>(
    params: P,
    { connection }: Context,
  ): Promise<P> => (await byId(params, (path) => places.findToChange(path, connection))) ?? params;
  return {
    'training.begin': {
      prepare: async (params, context) => await trainings.takers.prepareBegin(await named(params, context)),
      run: async (params, context) => lease(await trainings.takers.begin(params, context)),
    },
    'training.claim': {
      async run(params, context) {
        const begun = await trainings.takers.claim(params, context);
        return begun && lease(begun);
      },
    },
    'training.progress': { run: (params, context) => trainings.report(params, context) },
    'training.complete': {
      prepare: async (params, context) => await results.prepareComplete(await named(params, context)),
      async run(params, context) {
        const { project, warnings } = await results.complete(params, context);
        const text = trainings.json(project);
        const told = warnings.length > 0 ? `,"warnings":${JSON.stringify(warnings)}` : '';
        return new RawJson(`${text.slice(0, -1)}${told}}`);
      },
    },
    'training.fail': { run: async (params, context) => json(await trainings.fail(params, context)) },
    'training.release': { run: async (params, context) => json(await trainings.release(params, context)) },
    'training.cancel': { run: async (params, context) => json(await trainings.cancel(params, context)) },
    'training.wait': {
      async run(params, context) {
        const project = await trainings.wait(params, context);
        return project && json(project);
      },
    },
    'training.history': {
      async run({ project, limit }) {
        const found = findProject(store.registry, project);
        const history = await left.history.of(found);
        const serving = servingOf(found, history);
        return { trainings: history.slice(0, limit).map((ended) => shown(ended, ended === serving)) };
      },
    },
    'training.promote': {
      prepare: async (params, context) => await results.preparePromote(await named(params, context)),
      run: async (params, context) => json(await results.promote(params, context)),
    },
    'training.prune': {
      async run({ project, older_ms, dry_run: isTrial }, { changed }) {
        // Nothing is moved while it is not known what the file should hold.
        await store.undisturbed(() => Promise.resolve());
        const { registry } = store;
        const chosen = project === undefined ? [...registry.projects()] : [findProject(registry, project)];
        const done: (Pruned & { readonly project_id: string; readonly name: string })[] = [];
        for (const each of chosen) {
          const { project_id, name } = each;
          done.push({ project_id, name, ...(await left.prune(each, older_ms, isTrial)) });
        }
        const pruned = done
          .filter(({ tokens }) => tokens.length > 0)
          .map(({ project_id, name, tokens, bytes }) => ({ project_id, name, tokens, bytes }));
        const stays = done.flatMap((one) => one.left);
        if (!isTrial) changed({ projects: pruned.map(({ project_id: id }) => id) });
        const bytes = pruned.reduce((sum, one) => sum + one.bytes, 0);
        return { pruned, bytes, ...(stays.length > 0 && { left: stays }) };
      },
    },
    'training.resume': { run: async (params, context) => lease(await trainings.resume(params, context)) },
  };
}

/** A training that has ended, without what only a promotion needs. */
function shown(ended: Ended, in_service: boolean): Result<'training.history'>['trainings'][number] {
  const { token, status, started_at, ended_at, error, holder, source, base_model, metadata, bytes } = ended;
  const phases = [...ended.phases];
  return {
    token,
    status,
    started_at,
    ended_at,
    error,
    holder,
    source,
    base_model,
    metadata,
    phases,
    bytes,
    in_service,
  };
}
