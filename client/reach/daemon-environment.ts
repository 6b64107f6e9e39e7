/**
 * What of its starter's environment a daemon gets.
 *
 * It serves everybody, for as long as it runs: what somebody has set for programs of their own, or for one that is just
 * running, is not meant for it. Nobody can list all of that (`NODE_*`, `UV_*`, `npm_*`, a hook's `GIT_*`, a debugger's and
 * a sanitizer's variables), so what a daemon needs is listed, which is about what a service manager gives it.
 *
 * A library to load first (`LD_PRELOAD`, `DYLD_INSERT_LIBRARIES`) is not among it: it is there for the program that was
 * started with it, as by `fakeroot`, `faketime` or `stdbuf`, and a system that wants one in every program says so in
 * `/etc/ld.so.preload`. Where libraries are looked for is: some Nodes do not start without.
 */
const KEPT: ReadonlySet<string> = new Set([
  'HOME',
  'USER',
  'LOGNAME',
  'SHELL',
  'PATH',
  'TMPDIR',
  'TMP',
  'TEMP',
  'TZ',
  'TZDIR',
  'LANG',
  'LANGUAGE',
  'LD_LIBRARY_PATH',
  'DYLD_LIBRARY_PATH',
  'DYLD_FALLBACK_LIBRARY_PATH',
  'NIX_LD',
  'NIX_LD_LIBRARY_PATH',
]);
/** Without the project of a trainer that runs around the starter, and without what the starter is told about daemons. */
const KEPT_KINDS = /^(?:LC_|XDG_|CODEBASE_GARDENER_(?!(?:PROJECT|DAEMON)$))/;

/** @param env the starter's */
export function daemonEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const kept = Object.entries(env).filter(([name]) => KEPT.has(name) || KEPT_KINDS.test(name));
  return {
    ...Object.fromEntries(kept),
    // Node passes it on where it is left out; empty, it is nothing.
    NODE_V8_COVERAGE: '',
    // In an editor built on Electron, execPath is the editor unless it is told otherwise.
    ...(process.versions['electron'] ? { ELECTRON_RUN_AS_NODE: '1' } : {}),
  };
}
