/** What `--json` prints of it. */
export const DOCUMENT = {
  found: 'what is no project yet: path, name that it would get, kind, language, files of each',
  known: 'what is a project already, or a part of one: path, project_id, name of each',
  moved: 'what is a project whose directory is gone: path, project_id, name, from of each',
  projects: 'what was registered, with --yes',
  failed: 'what could not be registered: path and error of each',
  worktrees: 'how many linked worktrees were left out',
  unreadable: 'how many places could not be looked at',
  gone: 'how many places that the other program names are not there',
  stopped: 'whether there was more than is looked at',
};
