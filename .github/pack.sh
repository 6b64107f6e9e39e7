#!/usr/bin/env bash
# Packs what a release has beside the Python package: .github/pack.sh TAG DIRECTORY
# The tarball of npm, and the Homebrew formula with the version and the checksum of that tarball.
set -euo pipefail
tag=$1
mkdir -p "$2"
out=$(cd "$2" && pwd)
cd "$(dirname "${BASH_SOURCE[0]}")/.."

version=$(node -p 'require("./package.json").version')
python=$(sed -n "s/^__version__ = ['\"]\(.*\)['\"]$/\1/p" client/python/codebase_gardener_registry/__init__.py)
if [ "$tag" != "v$version" ] || [ "$python" != "$version" ]; then
  echo "cannot pack $tag: package.json has $version, and the Python package $python; let all three be the same" >&2
  exit 1
fi
# The same commit makes the same bytes.
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}
export SOURCE_DATE_EPOCH
tarball=$(npm pack --silent --pack-destination "$out")
sum=$(node -p 'crypto.createHash("sha256").update(fs.readFileSync(process.argv[1])).digest("hex")' "$out/$tarball")
sed -e "s/@VERSION@/$version/g" -e "s/@SHA256@/$sum/g" .github/homebrew/codebase-gardener.rb >"$out/codebase-gardener.rb"
