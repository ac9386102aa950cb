# The course's terminals, after the learner's own ~/.bashrc. Read by bash alone (see settings.shell_command).

# `docker ps` as it fits a terminal beside a lesson. Asked for a format, ids or sizes, and in a pipe, it is as always.
# (psFormat in the client's settings would change what cells print, too, and a `docker login` belongs to both.)
docker() {
    local word format='table {{.ID}}\t{{.Image}}\t{{.Status}}\t{{.Names}}\t{{.Ports}}'
    if [ "${1-}" = ps ] && [ -t 1 ] && [ "${COLUMNS:-80}" -lt 150 ]; then
        for word in "${@:2}"; do
            case $word in --format* | -*q* | -*s*) format= ;; esac
        done
        [ -z "$format" ] || set -- ps --format "$format" "${@:2}"
    fi
    command docker "$@"
}

# Tab completes docker's words and the names of what is there, as the client itself knows them (cobra's __complete).
_course_docker_words() {
    local line
    COMPREPLY=()
    while IFS=$'\t' read -r line _; do
        case $line in :*) ;; "${COMP_WORDS[COMP_CWORD]}"*) COMPREPLY+=("$line") ;; esac
    done < <(command docker __complete "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -o default -F _course_docker_words docker

if [ -t 1 ]; then # in lines that a narrow terminal holds, too
    printf '%s\n' "This terminal is the sandbox's:" "docker is the course's engine here." \
        "(docker ps leaves columns out to fit;" " command docker ps shows them all.)" ""
fi
