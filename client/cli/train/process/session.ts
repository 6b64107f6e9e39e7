/**
 * The process groups of a session. Programs such as GNU `timeout`, and shells with job control (`bash -m`), put what they
 * run into a group of its own; a signal to the group that the session began with does not reach it.
 */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

/** Far longer than `ps` takes. Milliseconds. */
const PS_MS = 2_000;

/**
 * The groups of a session in which somebody lives; what waits to be collected does not. Empty when nobody is left, and
 * then the number may soon be another's.
 *
 * @param session the process that made it
 * @param known groups that an earlier look has found: where the system does not tell a session's number, a group whose
 *   parents have ended is only known by it
 */
export function groupsOf(session: number, known: readonly number[]): number[] {
  // macOS has no /proc, and its ps gives no session that could be compared.
  const groups = process.platform === 'linux' ? fromProc(session) : fromPs(session, known);
  // Where nothing tells of processes, there is still the group that it began with.
  return groups.length === 0 && isGroup(session) ? [session] : groups;
}

function isGroup(group: number): boolean {
  try {
    return process.kill(-group, 0);
  } catch {
    return false;
  }
}

function fromProc(session: number): number[] {
  const groups = new Set<number>();
  for (const pid of processes()) {
    if (!/^\d+$/.test(pid)) continue;
    const stat = statOf(pid);
    // After the name, which may hold anything: state, parent, group, session.
    const [state = '', , group, of] = stat.slice(stat.lastIndexOf(') ') + 2).split(' ');
    if (Number(of) === session && !/[ZX]/.test(state)) groups.add(Number(group));
  }
  return [...groups];
}

/** None where /proc is not mounted. */
function processes(): string[] {
  try {
    return readdirSync('/proc');
  } catch {
    return [];
  }
}

function statOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'latin1');
  } catch {
    // It has ended since.
    return '';
  }
}

/** By the parents, and not beyond a process that leads a session of its own. */
export function fromPs(session: number, known: readonly number[]): number[] {
  const { stdout } = spawnSync('/bin/ps', ['-A', '-o', 'pid=,ppid=,pgid=,stat='], {
    encoding: 'utf8',
    timeout: PS_MS,
  });
  const processes = (stdout ?? '')
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .map(([pid, parent, group, state = '']) => ({
      pid: Number(pid),
      parent: Number(parent),
      group: Number(group),
      state,
    }))
    .filter(({ pid, state }) => !state.includes('Z') && (pid === session || !state.includes('s')));
  const seeds = new Set([session, ...known]);
  const members = new Set<number>();
  const groups = new Set<number>();
  for (let before = -1; before !== members.size;) {
    before = members.size;
    for (const { pid, parent, group } of processes) {
      if (!seeds.has(group) && !groups.has(group) && !members.has(parent)) continue;
      members.add(pid);
      groups.add(group);
    }
  }
  return [...groups];
}
