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
    if not contains -- --shell $given
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

# The one line of a file, which may have no end.
function __gardener_line
    set -l line
    test -f $argv[1] -a -r $argv[1]; and read line <$argv[1]
    string replace -r '\\r$' '' -- "$line"
end

# What \`gardener which\` names, by the file: without a daemon, and without Node. In fish_prompt: echo (gardener_prompt)
function gardener_prompt
    set -l before $status
    set -l data "$CODEBASE_GARDENER_DATA_DIR"
    test -n "$data"; or set data "$HOME/.codebase-gardener"
    set data (string replace -r '^~(?=/|$)' "$HOME" -- $data)
    set -lx __gardener_named (string replace -r '^~(?=/|$)' "$HOME" -- "$CODEBASE_GARDENER_PROJECT")
    string match -qr '^\\.\\.?$|^[^/]+/' -- $__gardener_named
    and set __gardener_named $PWD/$__gardener_named
    # What no command would take; behind a socket that was given alone there is another file.
    if not string match -q '/*' -- $data; or not test -f $data/registry.json
        or string match -qvr '^(/|~/|~$|$)' -- "$CODEBASE_GARDENER_SOCKET"
        or test -n "$CODEBASE_GARDENER_SOCKET" -a -z "$CODEBASE_GARDENER_DATA_DIR"
        return $before
    end
    set -lx __gardener_cwd $PWD
    string match -q '/*' -- $__gardener_named; and set __gardener_cwd $__gardener_named
    set -lx __gardener_tree
    set -lx __gardener_common
    set -lx __gardener_unsure
    set -lx LC_ALL C
    # Of what is gone, as much as there is.
    set -l at "$__gardener_cwd"
    while test -n "$at" -a ! -d "$at"
        set at (string replace -r '/[^/]*$' '' -- $at | string collect)
        set __gardener_unsure /
    end
    set -l rest (string sub -s (math (string length -- "$at") + 1) -- "$__gardener_cwd" | string collect)
    set -l behind (builtin realpath "$at/" | string collect)
    set -lx __gardener_real (string replace -r '/$' '' -- "$behind" | string collect)"$rest"
    # In a linked worktree there is what leads to its repository, as services/places/git-worktrees.ts looks at it.
    set at "$__gardener_real"
    while test -n "$at"
        set -l own
        if test -f $at/.git
            set own (string replace -rf '^gitdir: ' '' -- (__gardener_line $at/.git))
            or set __gardener_unsure $at
            string match -qv '/*' -- $own; and set own $at/$own
        else if test -f $at/.git/commondir
            set own $at/.git
        end
        if test -n "$own"; and test -f $own/commondir
            set own (builtin realpath $own | string collect)
            set -l common (__gardener_line $own/commondir)
            string match -q '/*' -- $common; or set common $own/$common
            set common (builtin realpath $common 2>/dev/null | string collect)
            if test "$own" = "$common/worktrees/"(string replace -r '.*/' '' -- $own | string collect)
                set __gardener_tree $at
                set __gardener_common $common
                break
            end
        else if test -f $at/.jj/repo
            # Which repository has made a workspace of jj, only the program itself can tell.
            set __gardener_unsure $at
        end
        string match -q '/?*' -- $__gardener_unsure; and break
        set at (string replace -r '/[^/]*$' '' -- $at | string collect)
    end
    command awk '${MEANT.replaceAll('\\', String.raw`\\`)}' $data/registry.json 2>/dev/null
    return $before
end`;

export const INIT = `# gardener for fish. In ~/.config/fish/config.fish: gardener init fish | source
${FUNCTIONS}

${COMPLETE}
complete -c gcd -f -a '(__gardener_complete path)'`;
