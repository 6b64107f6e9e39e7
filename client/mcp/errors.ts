/** What a model is told when something cannot be done: the reason, and what to do next. */
import type { CallToolResult } from '@modelcontextprotocol/server';

export function refusalFor(error: unknown): CallToolResult {
  const text = error instanceof Error ? error.message : String(error);
  return { content: [{ type: 'text', text }], isError: true };
}
