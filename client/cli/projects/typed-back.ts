/** How a script gets a project whose word it will type. */
import type { WireProject } from '../../../src/domain/encoding.ts';
import { printable } from '../terminal/text.ts';

/** What names a project in a command: its name, unless that is a flag or a path there, or cannot be shown as it is. */
export function typedBack({ project_id: id, name }: WireProject): string {
  return /^-|^(\.{1,2}|~)$/.test(name) || printable(name) !== name ? id : name;
}
