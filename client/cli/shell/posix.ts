/** What `gardener init` prints for bash and zsh: the words that both understand, the bash of macOS and any options too. */
import { MEANT } from './meant.ts';

export const POSIX = `# Only \\builtin and \\command are called: an alias or a function may have any other name.
function gardener {
  \\builtin local gardener_word gardener_shell= gardener_line
  for gardener_word in \${1+"$@"}; do
    case "$gardener_word" in
      --) \\builtin break ;;
      --shell) gardener_shell=1 ;;
    esac
  done
  if [ -z "$gardener_shell" ]; then
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

# Where the registry is, and what the environment names; fails where no command would take that.
function __gardener_places {
  gardener_socket=\${CODEBASE_GARDENER_SOCKET-}
  gardener_data=\${CODEBASE_GARDENER_DATA_DIR-}
  gardener_named=\${CODEBASE_GARDENER_PROJECT-}
  case "$gardener_socket" in '~' | '~/'*) gardener_socket=\${HOME-}\${gardener_socket#?} ;; esac
  case "$gardener_data" in
    '') gardener_data=\${HOME-}/.codebase-gardener ;;
    '~' | '~/'*) gardener_data=\${HOME-}\${gardener_data#?} ;;
  esac
  case "$gardener_named" in
    '~' | '~/'*) gardener_named=\${HOME-}\${gardener_named#?} ;;
    /*) ;;
    . | .. | */*) gardener_named=$PWD/$gardener_named ;;
  esac
  case "\${gardener_socket:-/} $gardener_data" in
    /*' /'*) ;;
    *) \\builtin return 1 ;;
  esac
}

# A directory behind all links. What somebody has go off as a directory changes does not.
function __gardener_behind {
  \\builtin unset -f chpwd || \\builtin true
  \\builtin unset chpwd_functions CDPATH || \\builtin true
  \\builtin cd -P -- "$1" > /dev/null && \\builtin pwd -P
}

# The one line of a file, which may have no end.
function __gardener_line {
  gardener_line=
  if [ -f "$1" ] && [ -r "$1" ]; then IFS= \\builtin read -r gardener_line < "$1" || \\builtin true; fi
  gardener_line=\${gardener_line%$'\\r'}
}

# What the file says: without a daemon, and without Node.
function __gardener_read {
  \\builtin local gardener_here="$PWD" gardener_at gardener_line gardener_own gardener_real
  \\builtin local gardener_tree= gardener_common= gardener_unsure=
  # Behind a socket that was given alone there is another file.
  if [ -n "$gardener_socket" ] && [ -z "\${CODEBASE_GARDENER_DATA_DIR-}" ]; then \\builtin return 0; fi
  if ! [ -f "$gardener_data/registry.json" ]; then \\builtin return 0; fi
  case "$gardener_named" in /*) gardener_here=$gardener_named ;; esac
  # Of what is gone, as much as there is.
  gardener_at=$gardener_here
  while [ -n "$gardener_at" ] && ! [ -d "$gardener_at" ]; do gardener_at=\${gardener_at%/*} gardener_unsure=/; done
  gardener_real=$(__gardener_behind "$gardener_at/" 2> /dev/null) || gardener_real=$gardener_at
  gardener_real=\${gardener_real%/}\${gardener_here#"$gardener_at"}
  # In a linked worktree there is what leads to its repository, as services/places/git-worktrees.ts looks at it.
  gardener_at=$gardener_real
  while [ -n "$gardener_at" ]; do
    gardener_own=
    if [ -f "$gardener_at/.git" ]; then
      __gardener_line "$gardener_at/.git"
      case "$gardener_line" in
        'gitdir: /'*) gardener_own=\${gardener_line#gitdir: } ;;
        'gitdir: '*) gardener_own=$gardener_at/\${gardener_line#gitdir: } ;;
        *) gardener_unsure=$gardener_at ;;
      esac
    elif [ -f "$gardener_at/.git/commondir" ]; then
      gardener_own=$gardener_at/.git
    fi
    if [ -n "$gardener_own" ] && [ -f "$gardener_own/commondir" ]; then
      gardener_own=$(__gardener_behind "$gardener_own" 2> /dev/null) || \\builtin break
      __gardener_line "$gardener_own/commondir"
      case "$gardener_line" in /*) ;; *) gardener_line=$gardener_own/$gardener_line ;; esac
      gardener_common=$(__gardener_behind "$gardener_line" 2> /dev/null) || \\builtin true
      if [ -n "$gardener_common" ] && [ "$gardener_own" = "$gardener_common/worktrees/\${gardener_own##*/}" ]; then
        gardener_tree=$gardener_at
        \\builtin break
      fi
    elif [ -f "$gardener_at/.jj/repo" ]; then
      # Which repository has made a workspace of jj, only the program itself can tell.
      gardener_unsure=$gardener_at
    fi
    if [ -n "$gardener_unsure" ] && [ "$gardener_unsure" != / ]; then \\builtin break; fi
    gardener_at=\${gardener_at%/*}
  done
  LC_ALL=C __gardener_cwd="$gardener_here" __gardener_real="$gardener_real" __gardener_named="$gardener_named" \\
    __gardener_tree="$gardener_tree" __gardener_common="$gardener_common" __gardener_unsure="$gardener_unsure" \\
    \\command awk '${MEANT}' "$gardener_data/registry.json" 2> /dev/null || \\builtin true
}`;
