/** A history as its file has it, which anybody may have edited, copied from elsewhere or written with another version. */
import { z } from 'zod';
import { MAX_COMMIT, MAX_METADATA_BYTES } from '../limits.ts';
import { MAX_PHASES, MAX_TOKEN, OUTCOMES } from '../project.ts';
import { jsonObject } from '../values/schema.ts';
import { jsonFault } from '../values/json.ts';
import { canonicalTime } from '../values/time.ts';
import { MAX_CURVE_POINTS } from './curve.ts';
import { type Ended, joined } from './history.ts';

/** A file that is longer is none of ours. */
export const MAX_HISTORY_BYTES = 4 * 1024 * 1024;
/** Metadata are passed around within answers. */
const MAX_METADATA_DEPTH = 64;

const time = z
  .string()
  .transform((text) => canonicalTime(text))
  .refine((text) => text !== null);
const text = z.string().refine((value) => value.isWellFormed());
const textOrNull = text.nullable().catch(null);
const path = text
  .refine((value) => value.startsWith('/') && !value.includes('\0'))
  .nullable()
  .catch(null);
const source = z
  .object({ commit: text.max(MAX_COMMIT), dirty: z.boolean() })
  .nullable()
  .catch(null);
const bytes = z.int().min(0).nullable().catch(null);
const isFit = (value: unknown): boolean =>
  value !== undefined &&
  Buffer.byteLength(JSON.stringify(value)) <= MAX_METADATA_BYTES &&
  !jsonFault(value, MAX_METADATA_DEPTH);

/** What is wrong in it is done without, but for what an entry cannot be without. */
const entrySchema = z.object({
  token: z.int().min(0).max(MAX_TOKEN),
  status: z.enum(OUTCOMES),
  started_at: time.nullable().catch(null),
  ended_at: time,
  error: textOrNull,
  holder: z
    .object({ name: text, pid: z.int().min(0) })
    .partial()
    .nullable()
    .catch(null),
  source,
  metadata: jsonObject.refine(isFit).nullable().catch(null),
  phases: z
    .array(z.object({ phase: text, at: time }))
    .max(MAX_PHASES)
    .catch([]),
  bytes,
  lora_adapter_path: path,
  vector_store_path: path,
  context_path: path,
  trained_from: source,
  base_model: textOrNull,
  adapter: z.boolean().catch(false),
  curve: z
    .array(z.object({ at_s: z.number(), progress: z.number() }))
    .max(MAX_CURVE_POINTS)
    .catch([]),
});

/**
 * Reads what {@link writeHistory} has written.
 *
 * @returns the trainings, the newest first, and how many entries were no good; null for what is no history at all
 */
export function readHistory(content: string): { history: Ended[]; unusable: number } | null {
  let parsed: unknown;
  try {
    parsed = JSON.parse(content);
  } catch {
    return null;
  }
  const entries: unknown = (parsed as { readonly trainings?: unknown } | null)?.trainings;
  if (!Array.isArray(entries)) return null;
  const read = entries.map((entry) => entrySchema.safeParse(entry).data as Ended | undefined);
  const history = read.filter((entry) => entry !== undefined);
  return { history: joined(history), unusable: read.length - history.length };
}

/** Leaves out the oldest of what would be too long to be read again. */
export function writeHistory(history: readonly Ended[]): string {
  for (let count = history.length; ; count -= 1) {
    const content = `${JSON.stringify({ version: 1, trainings: history.slice(0, count) }, null, 1)}\n`;
    if (count === 0 || Buffer.byteLength(content) <= MAX_HISTORY_BYTES) return content;
  }
}
