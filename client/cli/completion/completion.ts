/** `gardener completion`: a script that teaches a shell to complete what is typed after `gardener`. */
import { defineCommand } from '../command.ts';

export default defineCommand({
  description:
    'Prints a script that completes commands, flags and names. In ~/.bashrc: eval "$(gardener completion bash)"',
  takes: { '<shell>': { description: 'which shell', choices: ['bash', 'zsh', 'fish'] } },
  action(ctx, { shell }) {
    if (ctx.json) return ctx.printJson({ shell, script: SCRIPTS[shell] });
    ctx.printText(SCRIPTS[shell]);
  },
});

// The scripts know nothing of commands and flags: they ask the program that is there, each time.

const BASH = `# Completion of gardener for bash. In ~/.bashrc: eval "$(gardener completion bash)"
_gardener() {
  local line own=
  COMPREPLY=()
  while IFS= read -r line; do
    case $line in
      :*) own=\${line#:} ;;
      *) COMPREPLY+=("\${line%%$'\\t'*}") ;;
    esac
  done < <("$1" __complete --line "\${COMP_LINE:0:COMP_POINT}" --replaces "$2" 2>/dev/null)
  # The shell's own candidates are files. bash 3 cannot be told to leave them out.
  if [[ -z $own ]] && type compopt &>/dev/null; then compopt +o default; fi
  if [[ $own == directory ]]; then
    type compopt &>/dev/null && compopt -o filenames
    while IFS= read -r line; do COMPREPLY+=("$line"); done < <(compgen -d -- "$2")
  elif [[ $own == command ]]; then
    while IFS= read -r line; do COMPREPLY+=("$line"); done < <(compgen -c -- "$2")
  fi
}
complete -o default -F _gardener gardener`;

const ZSH = `#compdef gardener
# Completion of gardener for zsh. In ~/.zshrc, after compinit: eval "$(gardener completion zsh)"
_gardener() {
  local line own=
  local -a candidates
  local value
  for line in "\${(@f)$(_call_program gardener "\${(q)words[1]}" __complete -- "\${(@q)\${(@Q)words[2,CURRENT-1]}}" "\${(q)\${(Q)PREFIX}}")}"; do
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
  (( $#candidates )) && _describe -V gardener candidates
  case $own in
    file) _files ;;
    directory) _files -/ ;;
    command) _command_names -e; _files ;;
  esac
}
if [[ $funcstack[1] == _gardener ]]; then
  _gardener "$@"
else
  compdef _gardener gardener
fi`;

const FISH = `# Completion of gardener for fish. In ~/.config/fish/config.fish: gardener completion fish | source
function __gardener_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct | string unescape)
    for line in (gardener __complete -- $words[2..-1] "$current" 2>/dev/null)
        switch $line
            case :file
                __fish_complete_path "$current"
            case :directory
                __fish_complete_directories "$current"
            case :command
                __fish_complete_command
            case '*'
                string match -qr '^--[^=]+=' -- "$current"
                and echo (string replace -r '=.*' '=' -- "$current")$line
                or echo $line
        end
    end
end
complete -c gardener -f -a '(__gardener_complete)'`;

const SCRIPTS = { bash: BASH, zsh: ZSH, fish: FISH };
