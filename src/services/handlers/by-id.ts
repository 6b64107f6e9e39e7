import type { Found } from '../../domain/places/whereabouts.ts';

/** Puts the id of the project that a path means in its place; null where nothing has to be asked. */
export function byId<P extends { readonly project?: string | null | undefined }>(
  params: P,
  find: (path: string) => Promise<Found | undefined>,
): Promise<P> | null {
  const { project: path } = params;
  if (!path?.startsWith('/')) return null;
  return find(path).then((found) => ({ ...params, project: found?.project.project_id ?? path }));
}
