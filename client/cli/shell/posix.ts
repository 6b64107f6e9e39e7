/** What `gardener init` prints for bash and zsh: the words that both understand, the bash of macOS and any options too. */
import { MEANT } from './meant.ts';

export const POSIX = `# Only \\builtin and \\command are called: an alias or a function may have any other name.
function gardener {
  \\builtin local gardener_word gardener_use= gardener_line
  for gardener_word in \${1+"$@"}; do
    case "$gardener_use $gardener_word" in
      ' use') gardener_use=1 ;;
      *' --') \\builtin break ;;
      '1 --shell') gardener_use=2 ;;
    esac
  done
  if [ "$gardener_use" != 2 ]; then
    \\command gardener \${1+"$@"}
    \\builtin return
  fi
  gardener_line=$(\\command gardener \${1+"$@"}) || \\builtin return
  case "$gardener_line" in
    'export CODEBASE_GARDENER_PROJECT=') \\builtin unset CODEBASE_GARDENER_PROJECT ;;
    'export CODEBASE_GARDENER_PROJECT='*) \\builtin export "$(\\builtin printf %s "\${gardener_line#export }")" ;;
    *) \\builtin printf '%s\\n' "$gardener_line" ;;
  esac
}

\\builtin unalias gcd 2> /dev/null || \\builtin true
function gcd {
  \\builtin local gardener_directory
  case "$#:\${1-}" in
    1:-)
      \\builtin cd -
      \\builtin return ;;
    1:--help | 1:-h)
      \\command gardener path --help
      \\builtin return ;;
  esac
  # A name may end in a line break, which the shell would take away.
  gardener_directory=$(\\command gardener path \${1+"$@"} && \\builtin printf .) || \\builtin return
  gardener_directory=\${gardener_directory%.}
  gardener_directory=\${gardener_directory%?}
  if [ -x "$gardener_directory/." ]; then
    \\builtin cd -- "$gardener_directory"
  else
    \\builtin printf '%s\\n' 'gcd: cannot go there: the directory is gone, or may not be entered' \\
      'try: gardener mv, which tells where it lies now' >&2
    \\builtin return 1
  fi
}

# Where the registry is, and what the environment names; fails where only the program itself could tell.
function __gardener_places {
  gardener_socket=\${CODEBASE_GARDENER_SOCKET-}
  gardener_data=\${CODEBASE_GARDENER_DATA_DIR-}
  gardener_named=\${CODEBASE_GARDENER_PROJECT-}
  case "$gardener_socket" in '~/'*) gardener_socket=\${HOME-}/\${gardener_socket#*/} ;; esac
  case "$gardener_data" in
    '') gardener_data=\${HOME-}/.codebase-gardener ;;
    '~/'*) gardener_data=\${HOME-}/\${gardener_data#*/} ;;
  esac
  case "$gardener_named" in
    '~/'*) gardener_named=\${HOME-}/\${gardener_named#*/} ;;
    /*) ;;
    . | .. | */*) gardener_named=$PWD/$gardener_named ;;
  esac
}

# What the file says: without a daemon, and without Node.
function __gardener_read {
  \\builtin local gardener_real gardener_at gardener_line gardener_back gardener_tree= gardener_main=
  # Behind a socket that was given alone there is another file.
  if [ -n "$gardener_socket" ] && [ -z "\${CODEBASE_GARDENER_DATA_DIR-}" ]; then \\builtin return 0; fi
  if ! [ -f "$gardener_data/registry.json" ]; then \\builtin return 0; fi
  gardener_real=$(\\builtin pwd -P 2> /dev/null) || gardener_real=$PWD
  gardener_at=$gardener_real
  # A linked worktree of git has a file that names its repository, which names it, too.
  while [ -n "$gardener_at" ]; do
    if [ -f "$gardener_at/.git" ] && [ -r "$gardener_at/.git" ]; then
      IFS= \\builtin read -r gardener_line < "$gardener_at/.git" || gardener_line=
      gardener_line=\${gardener_line#gitdir: }
      case "$gardener_line" in /*) ;; *) gardener_line=$gardener_at/$gardener_line ;; esac
      case "$gardener_line" in
        */.git/worktrees/*)
          if [ -f "$gardener_line/gitdir" ] && [ -r "$gardener_line/gitdir" ]; then
            IFS= \\builtin read -r gardener_back < "$gardener_line/gitdir" || gardener_back=
            if [ "$gardener_back" = "$gardener_at/.git" ]; then
              gardener_tree=$gardener_at gardener_main=\${gardener_line%/.git/worktrees/*}
              \\builtin break
            fi
          fi ;;
      esac
    fi
    gardener_at=\${gardener_at%/*}
  done
  LC_ALL=C __gardener_cwd="$PWD" __gardener_real="$gardener_real" __gardener_named="$gardener_named" \\
    __gardener_tree="$gardener_tree" __gardener_main="$gardener_main" \\
    \\command awk '${MEANT}' "$gardener_data/registry.json" 2> /dev/null || \\builtin true
}`;
