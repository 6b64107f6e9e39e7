import type { Project } from '../../domain/project.ts';
import type { Result } from '../../protocol/methods.ts';
import { RawJson } from '../../protocol/wire.ts';
import type { Context } from '../call.ts';
import type { Services } from '../services.ts';
import { byId } from './by-id.ts';
import type { Family } from './types.ts';

type Begun = Awaited<ReturnType<Services['trainings']['begin']>>;

export function trainingHandlers({ trainings, places }: Services): Family<'training'> {
  const json = (project: Project): RawJson<Result<'projects.get'>> => new RawJson(trainings.json(project));
  const lease = ({ token, project }: Begun): RawJson<Result<'training.begin'>> => {
    const output = JSON.stringify(trainings.outputs.of(project.project_id, token));
    return new RawJson(`{"token":${token},"project":${trainings.json(project)},"output":${output}}`);
  };
  const named = async <P extends { readonly project: string }>(
    params: P,
    { connection }: Context,
  ): Promise<P> => (await byId(params, (path) => places.findToChange(path, connection))) ?? params;
  return {
    'training.begin': {
      prepare: async (params, context) => await trainings.prepareBegin(await named(params, context)),
      run: async (params, context) => lease(await trainings.begin(params, context)),
    },
    'training.claim': {
      async run(params, context) {
        const begun = await trainings.claim(params, context);
        return begun && lease(begun);
      },
    },
    'training.progress': { run: (params, context) => trainings.report(params, context) },
    'training.complete': {
      prepare: async (params, context) => await trainings.prepareComplete(await named(params, context)),
      run: async (params, context) => json(await trainings.complete(params, context)),
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
    'training.resume': { run: async (params, context) => lease(await trainings.resume(params, context)) },
  };
}
