#!/usr/bin/env bash
# Installs the built daemon with a real launchd, and tries what launchd then does: CI=true test/launchd/real.sh
# Only on a Mac that nobody works at: it takes the home directory for its own. With the stand-in of the tests, whose
# directory is in STAND_IN_LAUNCHD, it runs anywhere.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

fail() {
  echo "launchd: $1" >&2
  exit 1
}

if [ -z "${STAND_IN_LAUNCHD:-}" ]; then
  [ "$(uname)" = Darwin ] || fail "cannot be tried here: $(uname) has no launchd"
  [ "${CI:-}" = true ] || fail "cannot be tried here: it would take this person's service away; set CI=true where nobody works"
fi
agent=$HOME/Library/LaunchAgents/dev.codebase-gardener.registry.plist
for place in "$HOME/.codebase-gardener" "$agent"; do
  [ ! -e "$place" ] || fail "cannot be tried here: $place is there already"
done

gardener() {
  node dist/gardener.js "$@"
}

# Prints a field of the document that a command prints: field pid service status
field() {
  local name=$1 document
  shift
  document=$(gardener "$@" --json) || true
  node -p 'JSON.parse(process.argv[1])[process.argv[2]]' "$document" "$name"
}

status() {
  field "$1" service status --manager launchd
}

# Waits up to 60 s, of which launchd takes 10 s to start anew what ended too soon: until_is VALUE COMMAND...
until_is() {
  local value=$1 tries=300 seen
  shift
  until seen=$("$@") && [ "$seen" = "$value" ]; do
    tries=$((tries - 1))
    [ "$tries" -gt 0 ] || fail "\"$*\" says ${seen:-nothing} and not $value"
    sleep 0.2
  done
}

is() {
  [ "$2" = "$1" ] || fail "$3: $2 and not $1"
}

step='the beginning'
finish() {
  local code=$?
  if [ "$code" -ne 0 ]; then
    echo "launchd: stopped at \"$step\"" >&2
    gardener service status --manager launchd >&2 || true
    tail -n 50 "$HOME/.codebase-gardener/logs/"* >&2 || true
  fi
  gardener service uninstall --manager launchd >/dev/null || true
  gardener daemon stop >/dev/null || true
  exit "$code"
}
trap finish EXIT

begin() {
  step=$1
  echo "== $step, after $SECONDS s"
}

# Kills the daemon as a crash would: it is told nothing, and does nothing more.
crash() {
  pid=$(status pid)
  kill -9 "$pid"
}

begin 'install on demand'
gardener service install --manager launchd --on-demand
is true "$(status loaded)" 'is loaded'
is false "$(status running)" 'runs before anybody has called'

begin 'start with the first call'
gardener add . --name here
is launchd "$(field manager daemon status)" 'is started by'
until_is true status running

begin 'kill, and start with the next call'
crash
until_is false status running
is here "$(gardener which here)" 'is kept'
until_is true status running
[ "$(status pid)" != "$pid" ] || fail 'the same process runs'

begin 'install for the whole session'
gardener service install --manager launchd
until_is true status running

begin 'kill, and come back by itself'
crash
is_another() {
  local now
  now=$(status pid)
  [ "$now" != null ] && [ "$now" != "$pid" ] && echo yes
}
until_is yes is_another
is here "$(gardener which here)" 'is kept'

begin 'stop, and stay down'
gardener daemon stop
until_is false status running

begin 'uninstall'
gardener service uninstall --manager launchd
is false "$(status loaded)" 'is loaded'
[ ! -e "$agent" ] || fail "$agent is still there"
# Without a service whoever calls starts it.
is here "$(gardener which here)" 'is kept'
is spawned "$(field manager daemon status)" 'is started by'
gardener daemon stop
trap - EXIT
echo "launchd: fine in $SECONDS s, with $(sw_vers -productVersion 2>/dev/null || echo a stand-in) and Node $(node --version)"
