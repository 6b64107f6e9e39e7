/** The tools, in the order in which they are listed. */
import type { Tool } from './tool.ts';
import claimTraining from './tools/claim-training.ts';
import finishTraining from './tools/finish-training.ts';
import getProject from './tools/get-project.ts';
import listProjects from './tools/list-projects.ts';
import reportProgress from './tools/report-progress.ts';
import resolveProject from './tools/resolve-project.ts';

export const TOOLS: readonly Tool[] = [
  listProjects,
  getProject,
  resolveProject,
  claimTraining,
  reportProgress,
  finishTraining,
];
