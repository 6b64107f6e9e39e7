/** What can be wrong between the registry and the disk. */

export const ISSUE_CODES = [
  /** The codebase is not where the project says. */
  'source_missing',
  /** Whether the codebase is there cannot be told: it may not be looked at, or its disk does not answer. */
  'source_unreachable',
  /** The project's own directory is gone. */
  'project_dir_missing',
  /** A directory under `projects/` that belongs to no project. */
  'orphan_dir',
  /** What could not be moved to the trash, or deleted in it when that was due; a repair tries again. */
  'left_behind',
  /** Training completed, and there is no adapter. A repair is for one that is known to have been there. */
  'adapter_missing',
  /** Training completed, and whether the adapter is there cannot be told. */
  'adapter_unreachable',
  /** The active project does not exist. */
  'active_missing',
  /** Status `training`, and nobody holds a lease. */
  'training_stale',
] as const;

export type IssueCode = (typeof ISSUE_CODES)[number];

export interface Issue {
  code: IssueCode;
  project_id?: string;
  path?: string;
  message: string;
  /** Whether a repair can do something about it. */
  fixable: boolean;
  /** It cannot be told because a disk does not answer: its own, or one that was asked before. */
  silent?: true;
  /** What a person can do, where a repair cannot and the code does not say enough. */
  remedy?: string;
}
