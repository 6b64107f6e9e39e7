/** What both programs find around them. */
import { bold, paragraphs, terms } from './roff.ts';

const PATHS = 'absolute, or begins with ~/';

/** Variables that both programs read. */
const ENVIRONMENT: Readonly<Record<string, string>> = {
  CODEBASE_GARDENER_DATA_DIR: `where the registry is, unless --data-dir says it; ${PATHS}`,
  CODEBASE_GARDENER_SOCKET: `where the daemon listens, unless --socket says it; ${PATHS}. Given without a data directory, it is somebody's forwarded one, for which nothing is started`,
  CODEBASE_GARDENER_LOG_LEVEL: 'of a daemon that is started: DEBUG, INFO, WARNING or ERROR; default INFO',
};

const FILES: Readonly<Record<string, string>> = {
  '~/.codebase-gardener/registry.json': 'the registry',
  '~/.codebase-gardener/registry.schema.json':
    'what an editor knows of it, where the registry names this file in "$schema"',
  '~/.codebase-gardener/projects/<project_id>/':
    "a project's adapter, vectors and context, and what its trainings left",
  '~/.codebase-gardener/backups/registry-*.json': 'earlier contents of the registry, at most 20',
  '~/.codebase-gardener/undo/': 'what "gardener undo" can take back',
  '~/.codebase-gardener/trash/': 'what was removed, for seven days',
  '~/.codebase-gardener/logs/registry.log': 'the log of the daemon, with three old ones',
  '~/.codebase-gardener/run/registry.sock': 'the socket of the daemon',
};

/** @param others variables that only one of the programs reads */
export function surroundings(others: Readonly<Record<string, string>>): Record<string, string[]> {
  const variables = Object.entries({ ...ENVIRONMENT, ...others });
  return {
    ENVIRONMENT: [
      ...paragraphs('One that is empty counts as not set.'),
      ...terms(variables.map(([name, what]) => [bold(name), what])),
    ],
    FILES: terms(Object.entries(FILES).map(([path, what]) => [bold(path), what])),
  };
}
