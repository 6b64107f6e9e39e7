/** Slots: what no two live leases have at a time, as one of two graphics cards. A name means the same to all projects. */
import { MAX_SLOT } from '../limits.ts';
import type { Change } from '../draft.ts';
import type { Project, Training } from '../project.ts';
import { isLeaseRecorded } from './record.ts';

/** Why a text cannot be the name of a slot, or null when it can. Trainers make files and arguments of it. */
export function slotFault(name: string): string | null {
  if (name === '') return 'the name of a slot is empty';
  const shown = JSON.stringify(name.slice(0, MAX_SLOT));
  const { length } = name;
  if (length > MAX_SLOT) return `the slot ${shown} has ${length} characters and ${MAX_SLOT} are allowed`;
  if (/[/\\]/.test(name) || name === '.' || name === '..') return `the slot ${shown} looks like a path`;
  if (/\p{Cc}/u.test(name)) return `the slot ${shown} contains a control character`;
  if (name !== name.trim()) return `the slot ${shown} begins or ends with white space`;
  return null;
}

/**
 * Of leases that say they have the same slot, as somebody has written into the file, the one that began first has it.
 *
 * @returns the steps that take it from the others
 */
export function takeSharedSlots(projects: Iterable<Project>): (Change & { readonly after: Project })[] {
  const began = ({ training }: Project): string => training?.started_at ?? '~';
  const owned = new Set<string>();
  return [...projects]
    .filter((project) => isLeaseRecorded(project) && project.training?.slot !== undefined)
    .toSorted((a, b) => (began(a) < began(b) ? -1 : began(a) > began(b) ? 1 : 0))
    .flatMap((before) => {
      const { slot = '', ...training } = before.training as Training;
      if (!owned.has(slot)) {
        owned.add(slot);
        return [];
      }
      return [{ id: before.project_id, before, after: { ...before, training } }];
    });
}
