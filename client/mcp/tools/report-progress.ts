/** `report_progress`. */
import { z } from 'zod';
import { MAX_MESSAGE, MAX_PHASE } from '../../../src/domain/limits.ts';
import { printable } from '../../../src/system/printable.ts';
import { decimal } from '../schema.ts';
import { CHANGES, defineTool } from '../tool.ts';
import { quoted } from '../words.ts';

export default defineTool({
  name: 'report_progress',
  title: 'Report progress',
  description:
    'Tells how far a training that you have claimed is, and whether somebody wants you to stop it. Call it every few minutes: after a day without it the training is lost.',
  input: z.strictObject({
    handle: z.string(),
    progress: decimal(z.number().min(0).max(1)).optional().describe('0 to 1'),
    phase: z.string().max(MAX_PHASE).optional().describe('what is being done, in a word or two'),
    message: z.string().max(MAX_MESSAGE).optional().describe('for people'),
  }),
  output: z.strictObject({
    stop: z.boolean().describe('stop training, and finish_training as released'),
    reason: z.string().optional(),
  }),
  annotations: { ...CHANGES, idempotentHint: true },
  work: true,
  async run({ work }, { handle, ...progress }, { signal }) {
    const cancelled = await work.with(handle, signal, (training) => training.report(progress, signal));
    if (!cancelled) return { structured: { stop: false }, text: 'noted; go on' };
    const { reason } = cancelled;
    const why = reason === undefined ? '' : `: ${quoted(reason)}`;
    return {
      structured: { stop: true, ...(reason !== undefined && { reason: printable(reason) }) },
      text: `stop: somebody has asked for that${why}; then finish_training as released`,
    };
  },
});
