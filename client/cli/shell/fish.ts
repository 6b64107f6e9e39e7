/** The scripts for fish, from 3.1 on. They know nothing of commands and flags: they ask the program. */
import { MEANT } from './meant.ts';

const COMPLETE = `function __gardener_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct | string unescape)
    for line in (command gardener __complete -- $argv $words[2..-1] "$current" 2>/dev/null)
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

export const COMPLETION = `# Completion of gardener for fish. In ~/.config/fish/config.fish: gardener completion fish | source
${COMPLETE}`;

const FUNCTIONS = `function gardener
    set -l given $argv
    if set -l end (contains -i -- -- $given)
        set given $given[1..$end]
    end
    if not contains -- use $given; or not contains -- --shell $given
        command gardener $argv
        return
    end
    set -l lines (command gardener $argv)
    or return
    switch "$lines"
        case 'export CODEBASE_GARDENER_PROJECT='
            set -e CODEBASE_GARDENER_PROJECT
        case 'export CODEBASE_GARDENER_PROJECT=*'
            set -gx CODEBASE_GARDENER_PROJECT (string replace 'export CODEBASE_GARDENER_PROJECT=' '' -- $lines)
        case '*'
            string join \\n -- $lines
    end
    return 0
end

function gcd
    switch "$argv"
        case -
            cd -
            return
        case --help -h
            command gardener path --help
            return
    end
    set -l lines (command gardener path $argv)
    or return
    set -l directory (string join \\n -- $lines | string collect)
    if test -x "$directory/."
        cd $directory
    else
        echo 'gcd: cannot go there: the directory is gone, or may not be entered' >&2
        echo 'try: gardener mv, which tells where it lies now' >&2
        return 1
    end
end

# What \`gardener which\` names, by the file: without a daemon, and without Node. In fish_prompt: echo (gardener_prompt)
function gardener_prompt
    set -l before $status
    set -l data "$CODEBASE_GARDENER_DATA_DIR"
    test -n "$data"; or set data "$HOME/.codebase-gardener"
    set data (string replace -r '^~/' "$HOME/" -- $data)
    set -lx __gardener_named (string replace -r '^~/' "$HOME/" -- "$CODEBASE_GARDENER_PROJECT")
    string match -qr '^\\.\\.?$|^[^/]+/' -- $__gardener_named
    and set __gardener_named $PWD/$__gardener_named
    # Behind a socket that was given alone there is another file.
    if test -n "$CODEBASE_GARDENER_SOCKET" -a -z "$CODEBASE_GARDENER_DATA_DIR"; or not test -f $data/registry.json
        return $before
    end
    set -lx __gardener_cwd $PWD
    set -lx __gardener_real (builtin pwd -P 2>/dev/null; or string join \\n -- $PWD)
    set -lx __gardener_tree
    set -lx __gardener_main
    set -lx LC_ALL C
    # A linked worktree of git has a file that names its repository, which names it, too.
    set -l at "$__gardener_real"
    while test -n "$at"
        if test -f $at/.git -a -r $at/.git
            read -l line <$at/.git
            set line (string replace 'gitdir: ' '' -- "$line")
            string match -q '/*' -- $line; or set line $at/$line
            if string match -q '*/.git/worktrees/*' -- $line; and test -r $line/gitdir -a -f $line/gitdir
                read -l back <$line/gitdir
                if test "$back" = $at/.git
                    set __gardener_tree $at
                    set __gardener_main (string replace -r '/\\.git/worktrees/.*' '' -- $line)
                    break
                end
            end
        end
        set at (string replace -r '/[^/]*$' '' -- $at)
    end
    command awk '${MEANT.replaceAll('\\', String.raw`\\`)}' $data/registry.json 2>/dev/null
    return $before
end`;

export const INIT = `# gardener for fish. In ~/.config/fish/config.fish: gardener init fish | source
${FUNCTIONS}

${COMPLETE}
complete -c gcd -f -a '(__gardener_complete path)'`;
