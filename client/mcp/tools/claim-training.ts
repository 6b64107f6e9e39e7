/** `claim_training`. */
import { z } from 'zod';
import { printable } from '../../../src/system/printable.ts';
import { projectSchema, projectText, showProject } from '../project.ts';
import { projectInput, projectReference } from '../reference.ts';
import { CHANGES, defineTool } from '../tool.ts';
import { plainOrQuoted, quoted } from '../words.ts';

const output = z.strictObject({
  claimed: z.boolean().describe('false: none waits'),
  handle: z.string().optional().describe('names the training to report_progress and finish_training'),
  project: projectSchema.optional(),
  reason: z.string().optional().describe('why retraining was requested'),
  base_model: z.string().optional().describe('what the adapter in service adapts'),
  output: z
    .strictObject({
      directory: z.string().describe('of this training alone; PEFT may save straight into it'),
      lora_adapter_path: z.string(),
      vector_store_path: z.string(),
      context_path: z.string(),
    })
    .optional()
    .describe('where to write; in service once the training has completed'),
  also_held: z
    .array(z.strictObject({ handle: z.string(), project: z.string() }))
    .optional()
    .describe('trainings of this session that are to be finished, too'),
});

export default defineTool({
  name: 'claim_training',
  title: 'Claim a training',
  description:
    'Gives you a project to train, the named one or the one that has waited longest; nobody else trains it meanwhile. Train it yourself, write to output, and end with finish_training.',
  input: z.strictObject({ project: projectInput.optional() }),
  output,
  annotations: CHANGES,
  work: true,
  async run(session, { project }, { signal }) {
    const { work } = session;
    const claimed = await work.claim(project === undefined ? undefined : projectReference(project), signal);
    const others = work.held
      .filter((one) => one !== claimed)
      .map(({ handle, name }) => ({ handle, project: name }));
    const also = others.map((other) => `also held: ${quoted(other.project)}, handle ${other.handle}`);
    const also_held = others.length > 0 ? others : undefined;
    if (!claimed) return { structured: { claimed: false, also_held }, text: [NONE, ...also].join('\n') };
    const { begun, handle } = claimed;
    // Whoever is told of it may change the code at once.
    const [shown] = await Promise.all([
      session.client().then((client) => showProject(client, begun.project)),
      claimed.source,
    ]);
    const { base_model, training } = begun.project;
    const reason = training?.before?.retrain_requested?.reason;
    return {
      structured: {
        claimed: true,
        handle,
        project: shown,
        output: begun.output,
        ...(reason && { reason: printable(reason) }),
        ...(base_model && { base_model }),
        also_held,
      },
      text: [
        `claimed ${quoted(shown.name)}, handle ${handle}`,
        projectText(shown),
        ...(reason ? [`retraining was requested: ${quoted(reason)}`] : []),
        ...(base_model ? [`base model so far: ${plainOrQuoted(base_model)}`] : []),
        `write the adapter to ${plainOrQuoted(begun.output.lora_adapter_path)}, or as PEFT saves it into ${plainOrQuoted(begun.output.directory)}`,
        ...also,
      ].join('\n'),
    };
  },
});

const NONE = 'no project waits for training; request_retraining has one wait, or name the one to claim';
