/** The tools, in the order in which they are listed. */
import type { Tool } from './tool.ts';
import addProject from './tools/add-project.ts';
import cancelTraining from './tools/cancel-training.ts';
import claimTraining from './tools/claim-training.ts';
import finishTraining from './tools/finish-training.ts';
import getProject from './tools/get-project.ts';
import listProjects from './tools/list-projects.ts';
import reportProgress from './tools/report-progress.ts';
import requestRetraining from './tools/request-retraining.ts';
import resolveProject from './tools/resolve-project.ts';
import trainingStatus from './tools/training-status.ts';
import useProject from './tools/use-project.ts';

export const TOOLS: readonly Tool[] = [
  listProjects,
  getProject,
  resolveProject,
  useProject,
  addProject,
  requestRetraining,
  trainingStatus,
  cancelTraining,
  claimTraining,
  reportProgress,
  finishTraining,
];
