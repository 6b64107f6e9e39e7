/** Whether this process may use its terminal, or somebody else has it: a shell, after Ctrl-Z and `bg`. */
import { readFileSync } from 'node:fs';

/** Of Linux alone it is known; elsewhere whoever asks has the terminal. */
export function isInForeground(): boolean {
  if (process.platform !== 'linux') return true;
  try {
    const stat = readFileSync('/proc/self/stat', 'latin1');
    // After the name, which may hold anything: state, parent, group, session, terminal, the terminal's foreground group.
    const [, , group, , , foreground] = stat.slice(stat.lastIndexOf(') ') + 2).split(' ');
    return group === foreground;
  } catch {
    // No /proc is mounted.
    return true;
  }
}
