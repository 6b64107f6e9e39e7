/** What a change as a whole does, or would do. */
import { z } from 'zod';

export const named = z.object({ project_id: z.string(), name: z.string() });
export const differing = named.extend({ fields: z.array(z.string()) });
export const effect = z.object({
  comes_back: z.array(named),
  goes: z.array(named),
  changes: z.array(differing),
  stay: z.int(),
  active_project: z.object({ from: named.nullable(), to: named.nullable() }).optional(),
});
export const dryRun = z.boolean().optional().describe('only tell what would be changed; default false');
