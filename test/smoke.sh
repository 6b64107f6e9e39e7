#!/usr/bin/env bash
# Uses the built programs as a person does, with whatever Node is first on PATH: test/smoke.sh
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

home=$(mktemp -d /tmp/gardener-XXXXXX)
home=$(cd "$home" && pwd -P)
watcher=

gardener() {
  env -i PATH="$PATH" HOME="$home" node dist/gardener.js "$@"
}

finish() {
  local code=$?
  if [ -n "$watcher" ]; then kill "$watcher" 2>/dev/null || true; fi
  gardener daemon stop >/dev/null || true
  if [ "$code" -ne 0 ]; then cat "$home/watched" "$home/.codebase-gardener/logs/"*.log 2>/dev/null || true; fi
  rm -rf "$home"
  exit "$code"
}
trap finish EXIT

# Waits up to 20 s until a command succeeds.
until_true() {
  local tries=200
  until "$@"; do
    tries=$((tries - 1))
    if [ "$tries" -eq 0 ]; then
      echo "waited in vain: $*" >&2
      return 1
    fi
    sleep 0.1
  done
}

mkdir -p "$home/src/payments"
echo 'export {};' >"$home/src/payments/main.ts"

gardener add "$home/src/payments" --tag work | grep -q '^added payments  typescript, 1 file'
gardener ls | grep -q '^\* payments .*not started'

# What is watched goes to a file, and the process that watches is the one to end.
env -i PATH="$PATH" HOME="$home" node dist/gardener.js watch --json >"$home/watched" &
watcher=$!
until_true grep -q resync "$home/watched"
gardener edit payments --file-count 412 >/dev/null
until_true grep -q '"updated"' "$home/watched"
kill "$watcher"
wait "$watcher" || true
watcher=

gardener call projects.get '{"project": "payments"}' | grep -q '"file_count": 412'
gardener daemon stop | grep -q '^stopped the daemon'
# Started again by whoever asks, with what was acknowledged.
gardener which payments | grep -q '^payments$'
gardener rm payments --yes >/dev/null
[ "$(gardener ls --json | tr -d ' \n')" = '{"projects":[]}' ]
echo "smoke: fine with Node $(node --version)"
