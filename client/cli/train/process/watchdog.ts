/**
 * Ends a trainer whose `gardener train` is gone without a word: killed with -9, or for want of memory.
 *
 * A process that is killed can end nobody. So a tiny shell script waits at the end of a line that this process alone
 * holds: when the line ends and nothing was said, it ends the trainer's session, with all process groups in it.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Writable } from 'node:stream';
import { systemReason } from '../../../../src/system/errors.ts';
import { LocalError } from '../../errors.ts';

/**
 * What is left after the pauses, five seconds together, is killed: the lease of a connection that has ended is given
 * away after ten (`RESUME_GRACE_MS`), and whoever then trains must be the only one. A member of the session that lives
 * keeps its number taken, and none is signalled that was seen to be empty. `groups` is what `groupsOf` is in
 * `session.ts`: a group made during a look, or since, is found by the next one.
 *
 * A line that ends before the session is named is that of a process that was killed while it started the trainer, or
 * just before; then Linux knows it by its environment, perhaps a moment later.
 *
 * Its words are the project's id, the lease's token, and how a session's processes are found: `proc` or `ps`.
 */
export const SCRIPT = `
PATH=/usr/bin:/bin\${PATH:+:$PATH}
trap '' HUP INT QUIT TERM
unnamed() {
  for pause in 0 .1 .2 .4 1; do
    sleep "$pause"
    for file in $(grep -lzxe "GARDENER_PROJECT_ID=$1" /proc/[0-9]*/environ); do
      grep -qzxe "GARDENER_PROJECT_TOKEN=$2" "$file" && read -r stat <"\${file%environ}stat" || continue
      set -- \${stat##*) }
      echo "$4"
      return
    done
  done
}
groups() {
  if [ "$1" = ps ]; then
    ps -A -o pid=,ppid=,pgid=,stat= | awk -v session="$session" -v known="$(echo $found)" '
      $4 !~ /Z/ && ($1 == session || $4 !~ /s/) { parent[$1] = $2; group[$1] = $3 }
      END {
        split(known, list); for (at in list) seed[list[at]]; seed[session]
        do {
          more = 0
          for (pid in parent) if (!(pid in member) && (group[pid] in seed || parent[pid] in member)) {
            member[pid]; seed[group[pid]]; more = 1
            if (!(group[pid] in told)) { told[group[pid]]; print group[pid] }
          }
        } while (more)
      }'
    return
  fi
  told=' '
  grep -hsFe " $session " /proc/[0-9]*/stat | while read -r stat; do
    set -- \${stat##*) }
    case "$1 $4 $told" in
      [ZX]*) ;;
      ?" $session "*" $3 "*) ;;
      ?" $session "*) told="$told$3 "; echo "$3" ;;
    esac
  done
}
look() {
  found=$(groups "$1")
  [ "$found" ] || ! kill -s 0 -- "-$session" || found=$session
}
signal() {
  for group in $found; do kill -s "$1" -- "-$group"; done
}
found=
read -r session || session=$(unnamed "$1" "$2")
[ "\${session:-ended}" = ended ] && exit 0
read -r word && exit 0
look "$3"
signal TERM
signal CONT
for pause in .05 .05 .1 .2 .2 .4 1 1 1 1; do
  look "$3"
  [ "$found" ] || exit 0
  sleep "$pause"
done
for pause in .05 .05 .1 .2 .2 .4 1 1; do
  look "$3"
  [ "$found" ] || exit 0
  signal KILL
  sleep "$pause"
done
`;

export class Watchdog {
  readonly #line: Writable;

  private constructor(line: Writable) {
    this.#line = line;
  }

  /**
   * Starts one that guards nothing yet, so that it is there before the trainer is.
   *
   * @param env the trainer's
   * @throws {LocalError} when it cannot be started: a trainer that nobody would end is not to run
   */
  static async start(env: NodeJS.ProcessEnv): Promise<Watchdog> {
    const { GARDENER_PROJECT_ID: project = '', GARDENER_PROJECT_TOKEN: token = '' } = env;
    // In a session of its own, so that neither a terminal that closes nor a signal to the command's group reaches it.
    // Its name says nothing of gardener: "pkill -f gardener" is what it is there for.
    const look = process.platform === 'linux' ? 'proc' : 'ps';
    const script: ChildProcess = spawn('/bin/sh', ['-c', SCRIPT, 'watchdog', project, token, look], {
      cwd: '/',
      // Where a system has sleep and grep elsewhere than where the script looks first.
      env: { PATH: env['PATH'] ?? '' },
      detached: true,
      // Node makes the line and closes it in every other program that is started: the trainer must not hold it.
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    const { stdin } = script as ChildProcess & { stdin: Writable };
    // One that somebody has killed listens no more, and the training is none the worse for it.
    stdin.on('error', () => undefined);
    await once(script, 'spawn').catch((error: unknown) => {
      const message = `cannot start /bin/sh, which ends the trainer with gardener: ${systemReason(error)}`;
      throw new LocalError(message, undefined, error);
    });
    return new Watchdog(stdin);
  }

  /** Has it end a session when this process is gone. To be called in the same turn in which the session is made. */
  guard(session: number): void {
    // Written before this returns: a line of a few bytes always has room.
    this.#line.write(`${session}\n`);
  }

  /** Nothing is to be ended any more. The watchdog ends, and this process not before it. */
  dismiss(): void {
    this.#line.end('ended\n');
  }
}
