/** What can be wrong between the registry and the disk; the meaning of each is told where it is declared for callers. */
export type IssueCode =
  | 'source_missing'
  | 'source_unreachable'
  | 'project_dir_missing'
  | 'orphan_dir'
  | 'left_behind'
  | 'adapter_missing'
  | 'adapter_unreachable'
  | 'active_missing'
  | 'training_stale';

export interface Issue {
  code: IssueCode;
  project_id?: string;
  path?: string;
  message: string;
  fixable: boolean;
  silent?: true;
  remedy?: string;
}
