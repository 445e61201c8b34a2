# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# Completion for bash: subcommands and options are those that `modbridge --help` names.

# The usage line of a subcommand: what follows its name in the help.
_modbridge_usage() {
    modbridge --help 2>/dev/null | sed -n "s/^  modbridge $1 //p"
}

# The devices (or buses) of a site: the keys one step inside `devices:`.
_modbridge_names() {
    [[ -f $2 ]] && sed -n "/^$1:/,/^[^ #]/s/^  \\([A-Za-z0-9_]*\\):.*/\\1/p" "$2" 2>/dev/null
}

_modbridge_files() {
    compgen -f -X '!*.yaml' -- "$1"
    compgen -f -X '!*.yml' -- "$1"
    compgen -d -S / -- "$1"
}

_modbridge() {
    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]} usage word
    local -a choices=()
    if ((COMP_CWORD == 1)); then
        mapfile -t choices < <(modbridge --help 2>/dev/null | sed -n 's/^  modbridge \([a-z]*\) .*/\1/p')
        mapfile -t COMPREPLY < <(compgen -W "${choices[*]} --help --version" -- "$current")
        return
    fi
    usage=$(_modbridge_usage "${COMP_WORDS[1]}")
    case $previous in
    --parity) mapfile -t COMPREPLY < <(compgen -W 'none even odd' -- "$current") && return ;;
    --baud) mapfile -t COMPREPLY < <(compgen -W '1200 2400 4800 9600 19200 38400 57600 115200' -- "$current") && return ;;
    --stop-bits) mapfile -t COMPREPLY < <(compgen -W '1 2' -- "$current") && return ;;
    --rtu) mapfile -t COMPREPLY < <(compgen -f -- "${current:-/dev/}") && return ;;
    --addressing) mapfile -t COMPREPLY < <(compgen -W 'zero_based one_based modicon' -- "$current") && return ;;
    --links) mapfile -t COMPREPLY < <(compgen -d -- "$current") && return ;;
    esac
    if [[ $current == -* ]]; then
        for word in $(modbridge "${COMP_WORDS[1]}" --help 2>/dev/null | sed -n 's/^  \(--[a-z-]*\) .*/\1/p'); do
            choices+=("$word")
        done
        mapfile -t COMPREPLY < <(compgen -W "${choices[*]} --help" -- "$current")
    elif [[ $usage == TARGET-BUS* ]] && ((COMP_CWORD == 3)) && [[ ${COMP_WORDS[2]} != -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$(_modbridge_names buses "${COMP_WORDS[2]}")" -- "$current")
    elif [[ ${COMP_WORDS[1]} == import ]] && ((COMP_CWORD == 2)); then
        mapfile -t COMPREPLY < <(compgen -W 'sunspec csv' -- "$current")
    elif [[ ${COMP_WORDS[1]} == import && ${COMP_WORDS[2]} == csv ]]; then
        mapfile -t COMPREPLY < <(compgen -f -X '!*.csv' -- "$current"; compgen -d -S / -- "$current")
    elif [[ ${COMP_WORDS[1]} == import ]] && ((COMP_CWORD == 4)) && [[ ${COMP_WORDS[2]} == sunspec && ${COMP_WORDS[3]} != -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$(_modbridge_names devices "${COMP_WORDS[3]}")" -- "$current")
    elif [[ $usage == *DEVICE* || $usage == TARGET* ]] && ((COMP_CWORD == 3)) && [[ ${COMP_WORDS[2]} != -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$(_modbridge_names devices "${COMP_WORDS[2]}")" -- "$current")
    elif [[ $usage == map\|site* ]]; then
        mapfile -t COMPREPLY < <(compgen -W 'map site' -- "$current")
    else
        mapfile -t COMPREPLY < <(_modbridge_files "$current")
    fi
}

complete -o filenames -F _modbridge modbridge
