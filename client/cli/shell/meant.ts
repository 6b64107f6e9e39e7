/**
 * Which project is meant, by the registry file: a program for the awk of every system, in the quotes of a shell.
 *
 * A prompt has no time to start Node. The file as the daemon writes it is read a project at a time, one that was written in
 * any other way text by text. Only what every awk has is used, and it reads bytes (`LC_ALL=C`).
 */
export const MEANT = String.raw`# The path without dots and doubled slashes.
function normal(path,   parts, count, at, clean) {
  count = split(path, parts, "/")
  for (at = 1; at <= count; at++) {
    if (parts[at] == "..") sub("/[^/]*$", "", clean)
    else if (parts[at] != "" && parts[at] != ".") clean = clean "/" parts[at]
  }
  return clean == "" ? "/" : clean
}
# The nearer a directory is, the lower is its rank; the main worktree comes behind the top of a linked one.
function around(path, rank, step,   at) {
  at = path = normal(path)
  for (; ; rank += step) {
    if (!(at in ranks) || rank < ranks[at]) ranks[at] = rank
    if (at == tree && step == 1) around(main substr(path, length(at) + 1), rank + 0.5, 0.0001)
    if (at == "/") return
    sub("/[^/]*$", "", at)
    if (at == "") at = "/"
  }
}
# Where the main worktree of a repository is, by what is configured; nothing where that says too little.
function mainOf(common,   files, at, line, inCore, bare, worktree) {
  files[1] = common "/config"; files[2] = common "/config.worktree"
  for (at = 1; at <= 2; at++) {
    while ((getline line < files[at]) > 0) {
      sub(/^[ \t]+/, "", line)
      sub(/[ \t\r]+$/, "", line)
      if (line ~ /^\[/) inCore = tolower(line) == "[core]"
      else if (inCore && tolower(line) ~ /^bare/) bare = tolower(line) !~ /=[ \t]*(false|no|off|0)?$/
      else if (inCore && tolower(line) ~ /^worktree[ \t]*=/) worktree = substr(line, index(line, "=") + 1)
    }
    close(files[at])
  }
  sub(/^[ \t]+/, "", worktree)
  if (worktree ~ /["\\#;]/ || (bare && worktree == "")) return ""
  if (worktree != "") return normal(worktree ~ /^\// ? worktree : common "/" worktree)
  return sub(/\/\.git$/, "", common) ? common : ""
}
function hex(text,   at, code) {
  for (at = 1; at <= length(text); at++) code = code * 16 + index("0123456789abcdef", tolower(substr(text, at, 1))) - 1
  return code
}
function utf8(code) {
  if (code < 128) return sprintf("%c", code)
  if (code < 2048) return sprintf("%c%c", 192 + int(code / 64), 128 + code % 64)
  if (code < 65536) return sprintf("%c%c%c", 224 + int(code / 4096), 128 + int(code / 64) % 64, 128 + code % 64)
  return sprintf("%c%c%c%c", 240 + int(code / 262144), 128 + int(code / 4096) % 64, 128 + int(code / 64) % 64, 128 + code % 64)
}
# What a text of JSON stands for.
function decoded(text,   out, at, letter, code) {
  while ((at = index(text, "\\")) > 0) {
    out = out substr(text, 1, at - 1)
    letter = substr(text, at + 1, 1)
    text = substr(text, at + 2)
    if (letter == "u") {
      code = hex(substr(text, 1, 4))
      text = substr(text, 5)
      if (code >= 55296 && code < 56320 && text ~ /^\\u[dD][c-fC-F]/) {
        code = 65536 + (code - 55296) * 1024 + hex(substr(text, 3, 4)) - 56320
        text = substr(text, 7)
      }
      out = out utf8(code)
    } else if ((at = index("bfnrt", letter)) > 0) out = out substr("\b\f\n\r\t", at, 1)
    else out = out letter
  }
  return out text
}
# Weighs the project that was read: id, name and path.
function weigh() {
  if (odd || id == active) names[id] = name
  if (wanted != "" && tolower(id) == wanted) byId = name
  else if (wanted != "" && tolower(decoded(name)) == wanted) named = name
  if (path ~ "\\\\|//|/$|/[.]") path = normal(decoded(path))
  if (!(path in ranks)) return
  if (nearest == "" || ranks[path] < nearest) { nearest = ranks[path]; found = name; others = 0 }
  else if (ranks[path] == nearest) others++
}
# The text that comes behind a field as the daemon writes it; a mark of its own for what is written otherwise.
function field(name,   at, text) {
  at = index($0, "\n      \"" name "\": \"")
  if (!at) return odd = 1
  text = substr($0, at + length(name) + 12)
  at = index(text, "\"")
  if (at < 2 || substr(text, at - 1, 1) == "\\") return odd = 1
  return substr(text, 1, at - 1)
}
# What stands between two texts of JSON that is written in any way.
function between(json,   opened, closed) {
  if (json ~ /^[ \t\r\n]*:/) {
    keys[depth] = text
    if (depth == 2) { id = text; name = path = "" }
  } else if (depth == 3 && keys[1] == "projects" && keys[3] == "name") name = text
  else if (depth == 3 && keys[1] == "projects" && keys[3] == "source_path") path = text
  else if (depth == 1 && keys[1] == "active_project") active = text
  text = ""
  opened = gsub(/[[{]/, "", json)
  closed = gsub(/[]}]/, "", json)
  if (depth > 2 && depth + opened - closed < 3 && keys[1] == "projects") weigh()
  depth += opened - closed
}
BEGIN {
  file = ARGV[1]
  wanted = tolower(ENVIRON["__gardener_named"])
  sub(/^ +/, "", wanted)
  sub(/ +$/, "", wanted)
  tree = ENVIRON["__gardener_tree"]
  unsure = ENVIRON["__gardener_unsure"]
  main = tree == "" ? "" : mainOf(ENVIRON["__gardener_common"])
  if (tree != "" && main == "") { unsure = tree; tree = "" }
  RS = "}"
  around(ENVIRON["__gardener_cwd"], 0, 1)
  around(ENVIRON["__gardener_real"], 0, 1)
}
# As the daemon writes it, where one index finds the field of a project; any other way takes longer.
NR == 1 {
  if ($0 !~ /^[{]\n  "/) { odd = 1; exit }
  if (match($0, /\n  "active_project": "[^"\\]*"/)) active = substr($0, RSTART + 22, RLENGTH - 23)
}
index($0, "\"source_path\"") {
  path = field("source_path"); name = field("name"); id = field("project_id")
  if (odd) exit
  weigh()
}
END {
  if (odd) {
    close(file)
    byId = named = nearest = found = active = ""
    RS = "\""
    while ((getline piece < file) > 0) {
      # Longer than anybody waits for a prompt.
      if ((size += length(piece)) > 1000000) exit
      if (!inside) between(piece)
      else text = text piece
      if (inside && match(piece, /\\+$/) && RLENGTH % 2) text = text "\""
      else inside = !inside
    }
  }
  if (wanted ~ "^[^/]") name = byId == "" ? named : byId
  else if (unsure != "" && (nearest == "" || nearest > ranks[unsure])) name = ""
  else if (nearest != "") name = others ? "" : found
  else name = wanted == "" ? names[active] : ""
  name = decoded(name)
  gsub(/[\001-\037\177]|\302[\200-\237]|\330\234|\342\200[\216\217\250-\256]|\342\201[\246-\251]|\355[\240-\277]./, "?", name)
  if (name != "") print name
}`;
