/** What schemas are made of. Descriptions are for the documentation: in it, what has an `id` has a heading of its own. */
import { z } from 'zod';
import type { JsonObject } from '../project.ts';
import { isJsonObject } from './json.ts';

/** Any JSON object, kept as it came: zod's own objects would drop a key named `__proto__`. */
export const jsonObject = z
  .unknown()
  .refine(isJsonObject, 'must be an object')
  .meta({ type: 'object' }) as unknown as z.ZodType<JsonObject, JsonObject>;

const TIME = 'ISO 8601, UTC, with milliseconds and Z';

/** @param what happened then */
export const timestamp = (what: string) => z.string().describe(`${what}; ${TIME}`);
export const timestampOrNull = (what: string) => z.string().nullable().describe(`${what}; ${TIME}`);

/** One of some words, each of which has its meaning told: by the compiler's leave none is without. */
export function wordOf<V extends string>(id: string, what: string, meanings: Readonly<Record<V, string>>) {
  const words = Object.keys(meanings) as V[];
  const told = words.map((word) => `\`${word}\`: ${meanings[word]}`);
  return z
    .enum(words)
    .describe(`${what}. ${told.join('; ')}`)
    .meta({ id });
}
