/** The scripts for bash, from 3.2 on, which is that of macOS. They know nothing of commands and flags: they ask the program. */
import { POSIX } from './posix.ts';

const COMPLETE = `function _gardener {
  \\builtin local line own= words="\${COMP_LINE:0:COMP_POINT}"
  if [[ $1 == gcd ]]; then words="gardener path \${words#*gcd}"; fi
  COMPREPLY=()
  # Behind a redirection stands a file of the shell's.
  if [[ \${COMP_CWORD:-0} -gt 0 && \${COMP_WORDS[COMP_CWORD-1]} == *[\\<\\>] ]]; then \\builtin return; fi
  while IFS= \\builtin read -r line; do
    case "$line" in
      '') ;;
      :*) own=\${line#:} ;;
      *) COMPREPLY+=("\${line%%$'\\t'*}") ;;
    esac
  done <<< "$(\\command gardener __complete --line "$words" --replaces "$2" 2>/dev/null)"
  # The shell's own candidates are files. bash 3 cannot be told to leave them out.
  if [[ -z $own ]] && \\builtin type compopt &>/dev/null; then \\builtin compopt +o default; fi
  if [[ $own == directory ]]; then
    # It knows what expands in the name of a directory. bash 3 cannot be told to do it.
    \\builtin compopt -o plusdirs 2>/dev/null && \\builtin return
    while IFS= \\builtin read -r line; do
      if [[ -n $line ]]; then COMPREPLY+=("$line"); fi
    done <<< "$(\\builtin compgen -d -- "$2")"
  elif [[ $own == command ]]; then
    while IFS= \\builtin read -r line; do
      if [[ -n $line ]]; then COMPREPLY+=("$line"); fi
    done <<< "$(\\builtin compgen -c -- "$2")"
  fi
}
\\builtin complete -o default -F _gardener gardener`;

export const COMPLETION = `# Completion of gardener for bash. In ~/.bashrc: eval "$(gardener completion bash)"
${COMPLETE}`;

const PROMPT = `# What \`gardener which\` names. In ~/.bashrc: PS1='$(gardener_prompt) '$PS1
function gardener_prompt {
  \\builtin local gardener_status="$?" gardener_socket gardener_data gardener_named gardener_name=
  if __gardener_places; then gardener_name=$(__gardener_read); fi
  # A prompt might expand these.
  gardener_name=\${gardener_name//[\\$\\\`\\\\]/?}
  if [ -n "$gardener_name" ]; then \\builtin printf '%s\\n' "$gardener_name"; fi
  \\builtin return "$gardener_status"
}`;

/** In quotes, so that another shell that reads it, as a ~/.profile is read by any, skips the whole. */
const QUOTED = [POSIX, PROMPT, COMPLETE].join('\n\n').replaceAll("'", String.raw`'\''`);

export const INIT = `# gardener for bash. In ~/.bashrc: eval "$(gardener init bash)"
[ -z "\${BASH_VERSION-}" ] || \\builtin eval '${QUOTED}
\\builtin complete -o default -F _gardener gcd'`;
