/** The tools, in the order in which they are listed. */
import type { Tool } from './tool.ts';
import listProjects from './tools/list-projects.ts';

export const TOOLS: readonly Tool[] = [listProjects];
