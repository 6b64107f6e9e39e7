/** Projects as a watch knows them. */
import type { Project } from '../../../client/index.ts';
import { WatchState } from '../../../client/cli/watch/state.ts';
import { EXAMPLE_PROJECT } from '../../../src/protocol/method.ts';

export const AT = '2026-01-05T11:59:30.000Z';

export function project(name: string, more: Partial<Project> = {}): Project {
  return { ...EXAMPLE_PROJECT, project_id: `id of ${name}`, name, last_updated: AT, ...more };
}

export function training(name: string, record: Partial<NonNullable<Project['training']>>): Project {
  return project(name, {
    training_status: 'training',
    training: {
      token: 1,
      phase: null,
      progress: null,
      message: null,
      details: null,
      started_at: AT,
      updated_at: AT,
      holder: { name: 'python', pid: 4242 },
      cancel_requested: false,
      error: null,
      attempt: 1,
      ...record,
    },
  });
}

export const SOUND = { active_project: null, problem: null, read_only: false };

export function stateOf(...projects: readonly Project[]): WatchState {
  const state = new WatchState();
  state.apply({ ...SOUND, type: 'resync', projects: [...projects], origin: 'rpc', at: AT, cursor: 'e:1' });
  return state;
}
