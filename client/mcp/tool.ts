/** A tool as one declaration, and how a server offers it. */
import type { CallToolResult, McpServer, ServerContext, ToolAnnotations } from '@modelcontextprotocol/server';
import type { z } from 'zod';
import { type Tell, tellProgress } from './change/progress.ts';
import { type Hints, refusalFor } from './errors.ts';
import { lenient, small } from './schema.ts';
import type { Session } from './session.ts';

/** What a tool answers: for programs, and the same in as few words as say it. */
export interface Answer<Output> {
  readonly structured: Output;
  /** Of what the registry gave, all has passed `printable`, as in `projectText`. */
  readonly text: string;
}

/** The call that is being answered. */
export interface Call {
  /** Aborts when nobody wants the answer any more. */
  readonly signal: AbortSignal;
  /** Tells how far it is; missing where nobody has asked for that. */
  readonly tell?: Tell | undefined;
}

/** What a model is told of a tool, and what the tool does. */
export interface Tool {
  readonly name: string;
  readonly title: string;
  /** For a model that has never heard of the registry; each word is paid for by each session. */
  readonly description: string;
  /** Closed: `z.strictObject`; a field is described where its name does not say it. */
  readonly input: z.ZodObject;
  /** Closed; what is not known is missing, never null; of a project `projectSchema`, or `standingSchema` after a change. */
  readonly output: z.ZodObject;
  readonly annotations: ToolAnnotations;
  /** Only with `--allow-work`. */
  readonly work?: true;
  /** What to do next, where this tool knows better than the table of errors. */
  readonly hints?: Hints;
  readonly run: (session: Session, input: never, call: Call) => Promise<Answer<object>>;
}

/** Of what only looks; in which world does not matter then. */
export const LOOKS: ToolAnnotations = { readOnlyHint: true };
/** Of what changes the registry and can be changed back. */
export const CHANGES: ToolAnnotations = { destructiveHint: false, openWorldHint: false };

/** Declares a tool; a row in tools.ts offers it. */
export function defineTool<Input extends z.ZodObject, Output extends z.ZodObject>(
  tool: Omit<Tool, 'input' | 'output' | 'run'> & {
    readonly input: Input;
    readonly output: Output;
    readonly run: (session: Session, input: z.output<Input>, call: Call) => Promise<Answer<z.input<Output>>>;
  },
): Tool {
  return tool;
}

/** Has a server offer a tool. */
export function offer(
  server: McpServer,
  session: Session,
  { name, title, description, input, output, annotations, hints, run }: Tool,
): void {
  server.registerTool(
    name,
    { title, description, inputSchema: lenient(input), outputSchema: small(output), annotations },
    async (given: unknown, { mcpReq }: ServerContext): Promise<CallToolResult> => {
      try {
        const call: Call = { signal: mcpReq.signal, tell: tellProgress(mcpReq) };
        const { structured, text } = await run(session, given as never, call);
        return { content: [{ type: 'text', text }], structuredContent: { ...structured } };
      } catch (error) {
        return refusalFor(error, { hints, looks: annotations.readOnlyHint });
      }
    },
  );
}
