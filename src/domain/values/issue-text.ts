/** What a validator found, in words that make a sentence behind the path of the value. */
import type { z } from 'zod';

export function issueText(issue: z.core.$ZodIssue): string {
  // The validator's own words are about types that whoever wrote the value has never heard of.
  if (issue.message.endsWith('received undefined')) return 'is missing';
  if (issue.code === 'too_small' && issue.origin === 'string' && issue.minimum === 1) return 'is empty';
  return issue.message.charAt(0).toLowerCase() + issue.message.slice(1);
}
