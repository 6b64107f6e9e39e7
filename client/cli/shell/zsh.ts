/** The scripts for zsh, from 5.8 on. They know nothing of commands and flags: they ask the program. */
import { POSIX } from './posix.ts';

const COMPLETE = `_gardener() {
  local line own= value
  local -a candidates
  if [[ \${service-} == gcd ]]; then
    words=(gardener path "\${(@)words[2,-1]}")
    (( CURRENT += 1 ))
  fi
  for line in "\${(@f)$(_call_program gardener command gardener __complete -- "\${(@q)\${(@Q)words[2,CURRENT-1]}}" "\${(q)\${(Q)PREFIX}}")}"; do
    case $line in
      '') ;;
      :*) own=\${line#:} ;;
      *$'\\t'*)
        value=\${line%%$'\\t'*}
        candidates+=("\${value//:/\\\\:}:\${line#*$'\\t'}") ;;
      *) candidates+=("\${line//:/\\\\:}") ;;
    esac
  done
  [[ $PREFIX == --*=* ]] && compset -P '*='
  (( $#candidates )) && _describe -V gardener candidates -M 'm:{[:lower:][:upper:]}={[:upper:][:lower:]}'
  case $own in
    file) _files ;;
    directory) _files -/ ;;
    command) _command_names -e; _files ;;
  esac
}
# With what has begun completion till the first prompt; where nothing has, it is begun here.
__gardener_register() {
  emulate -L zsh
  if ! (( $+functions[compdef] )); then
    [[ \${1-} == now ]] && return
    autoload -Uz compinit && compinit -i
  fi
  compdef _gardener gardener
  (( $+functions[gcd] )) && compdef _gardener gcd
  [[ \${1-} == now ]] || precmd_functions=(\${precmd_functions:#__gardener_register})
}`;

const REGISTER = `typeset -ga precmd_functions
precmd_functions=(\${precmd_functions:#__gardener_register} __gardener_register)
__gardener_register now`;

export const COMPLETION = `#compdef gardener
# Completion of gardener for zsh. In ~/.zshrc: eval "$(gardener completion zsh)"
${COMPLETE}
if [[ $funcstack[1] == _gardener ]]; then
  _gardener "$@"
else
  ${REGISTER.replaceAll('\n', '\n  ')}
fi`;

const PROMPT = `# What \`gardener which\` names. In ~/.zshrc: setopt prompt_subst; PROMPT='$(gardener_prompt) '$PROMPT
gardener_prompt() {
  local gardener_status=$?
  emulate -L zsh -o no_multibyte
  local gardener_socket gardener_data gardener_named gardener_name
  __gardener_places || return $gardener_status
  __gardener_ask || gardener_name=$(__gardener_read)
  # A prompt might expand these, or a terminal obey them. Bytes: a locale may know no others.
  gardener_name=\${gardener_name//[\\$\\\`\\\\]/?}
  gardener_name=\${gardener_name//[$'\\x01'-$'\\x1f'$'\\x7f']/?}
  gardener_name=\${gardener_name//$'\\xc2'[$'\\x80'-$'\\x9f']/?}
  gardener_name=\${gardener_name//($'\\xd8\\x9c'|$'\\xe2\\x80'[$'\\x8e\\x8f\\xa8'-$'\\xae']|$'\\xe2\\x81'[$'\\xa6'-$'\\xa9'])/?}
  [[ -n $gardener_name ]] && print -r -- "\${gardener_name//\\%/%%}"
  return $gardener_status
}
# Asks the daemon; fails where none answers in time.
__gardener_ask() {
  local socket=\${gardener_socket:-$gardener_data/run/registry.sock} named=$gardener_named ask fd pid answer
  [[ -S $socket ]] && zmodload zsh/net/socket zsh/system 2>/dev/null || return 1
  case $named in
    '') ask=cwd; named=$PWD ;;
    *) ask=env ;;
  esac
  [[ $named != *[$'\\x01'-$'\\x1f']* ]] || return 1
  named=\${\${named//\\\\/\\\\\\\\}//\\"/\\\\\\"}
  # In a process of its own, which can be ended: nothing bounds how long a connection takes.
  exec {fd}< <(
    print -r -- $sysparams[pid]
    zsocket $socket 2>/dev/null || exit
    print -r -u $REPLY -- '{"jsonrpc":"2.0","id":1,"method":"projects.resolve","params":{"'$ask'":"'$named'"}}'
    sysread -i $REPLY -o 1
  )
  read -r -u $fd pid
  # One that hangs would otherwise be waited for at each prompt.
  sysread -t 0.02 -i $fd answer || kill $pid 2>/dev/null
  exec {fd}<&-
  case $answer in
    *'"project":{"project_id":"'*'","name":"'*'","'*) gardener_name=\${\${answer#*\\",\\"name\\":\\"}%%\\"*} ;;
    *'"error":{"code":100[18],'*) gardener_name= ;;
    *) return 1 ;;
  esac
}`;

/** In quotes, so that it is read with the options of zsh and without aliases, whatever is set where it is used. */
const QUOTED = [POSIX, PROMPT, COMPLETE, REGISTER].join('\n\n').replaceAll("'", String.raw`'\''`);

export const INIT = `# gardener for zsh. In ~/.zshrc: eval "$(gardener init zsh)"
() {
  \\builtin emulate -L zsh -o no_aliases
  \\builtin eval '${QUOTED}'
}`;
