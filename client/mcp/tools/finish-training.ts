/** `finish_training`. */
import { z } from 'zod';
import { MAX_BASE_MODEL, MAX_ERROR, MAX_METADATA_BYTES } from '../../../src/domain/limits.ts';
import { OUTCOMES } from '../../../src/domain/project.ts';
import { jsonObject } from '../../../src/domain/values/schema.ts';
import { printable } from '../../../src/system/printable.ts';
import { showStanding, standingSchema, standingText } from '../project.ts';
import { absolutePath } from '../reference.ts';
import { decimal } from '../schema.ts';
import { CHANGES, defineTool } from '../tool.ts';
import type { Ending } from '../work/claimed-training.ts';

const input = z.strictObject({
  handle: z.string(),
  outcome: z
    .enum(['completed', 'failed', 'released'])
    .describe('released: not trained, the project is as it was and may be claimed again'),
  error: z.string().max(MAX_ERROR).optional().describe('why it failed'),
  lora_adapter_path: z.string().optional().describe('only for an adapter elsewhere than in the output'),
  base_model: z.string().max(MAX_BASE_MODEL).optional().describe('default as adapter_config.json says'),
  file_count: decimal(z.number().int().min(0)).optional().describe('files in the codebase'),
  metadata: jsonObject
    .refine((object) => sizeOf(object) <= MAX_METADATA_BYTES, {
      error: ({ input: object }) => `has ${sizeOf(object)} bytes as JSON, ${MAX_METADATA_BYTES} are allowed`,
    })
    .optional()
    .describe('merged into that of the project; null deletes a key'),
});

export default defineTool({
  name: 'finish_training',
  title: 'Finish a training',
  description:
    'Ends a training that you have claimed. What was written to its output comes into service if it is completed.',
  input,
  output: z.strictObject({
    outcome: z.enum(OUTCOMES).describe('cancelled: somebody had asked to stop; nothing came into service'),
    project: standingSchema,
    warnings: z.array(z.string()).optional(),
  }),
  annotations: { ...CHANGES, idempotentHint: true },
  work: true,
  hints: {
    registry_read_only: 'the training is still yours: finish it again when the person has mended the file',
    storage_failed: 'the training is still yours: finish it again when there is room',
  },
  async run(session, given, { signal }) {
    const { handle, ...ending } = given;
    const wanted = endingOf(ending);
    const { outcome, project, warnings } = await session.work.with(handle, signal, (training) =>
      training.finish(wanted),
    );
    const standing = showStanding(project);
    return {
      structured: { outcome, project: standing, ...(warnings.length > 0 && { warnings: [...warnings] }) },
      text: [`${outcome}; ${standingText(standing)}`, ...warnings.map(printable)].join('\n'),
    };
  },
});

type Given = Omit<z.output<typeof input>, 'handle'>;

function endingOf({ outcome, error, ...result }: Given): Ending {
  if (outcome !== 'failed') refuseFields(outcome, { error }, 'failed');
  if (outcome !== 'completed') refuseFields(outcome, result, 'completed');
  if (outcome === 'released') return { outcome };
  if (outcome === 'failed') {
    if (error === undefined) throw new Error('cannot end a training as failed without a reason: give error');
    return { outcome, error };
  }
  const { lora_adapter_path: path } = result;
  return {
    outcome,
    result: { ...result, ...(path !== undefined && { lora_adapter_path: absolutePath(path) }) },
  };
}

/** What is not written down must not be lost in silence. */
function refuseFields(outcome: Given['outcome'], fields: object, other: Given['outcome']): void {
  const given = Object.entries(fields).flatMap(([name, value]) => (value === undefined ? [] : [name]));
  if (given.length > 0)
    throw new Error(
      `cannot end a training as ${outcome} with ${given.join(', ')}: that is for ${other}; leave it out, or end it as ${other}`,
    );
}

function sizeOf(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value));
}
