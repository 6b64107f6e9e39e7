/** Which projects a person looks for who types a part of what they know of them. */
import type { WireProject } from '../../../../src/domain/encoding.ts';
import { statusWords } from '../../terminal/text.ts';
import { standing } from '../standing.ts';

/** What of each project was compared before; another object is another state of it. */
const known = new WeakMap<WireProject, string>();

/**
 * Those that have each word of the filter in their name, path, tags or status, in whatever case.
 *
 * @param shortPath a path as people read it
 */
export function matching(
  projects: readonly WireProject[],
  filter: string,
  shortPath: (path: string) => string,
): readonly WireProject[] {
  const words = folded(filter).split(/\s+/).filter(Boolean);
  if (words.length === 0) return projects;
  return projects.filter((project) => {
    const text = known.get(project) ?? textOf(project, shortPath);
    known.set(project, text);
    return words.every((word) => text.includes(word));
  });
}

function textOf(project: WireProject, shortPath: (path: string) => string): string {
  const { name, source_path: path, tags, training_status: status, training } = project;
  return folded(
    [name, path, shortPath(path), ...tags, standing(project), statusWords(status, training?.outcome)].join(
      '\n',
    ),
  );
}

function folded(text: string): string {
  return text.normalize('NFC').toLowerCase();
}
