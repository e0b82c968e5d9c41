#!/usr/bin/env bash
# Make `.venv` hold exactly what a lock names, and mattone itself, editable.
#
#   venv.sh run    what mattone needs to run        tools/requirements/run.txt
#   venv.sh dev    that, and tests, checks, roles   tools/requirements/dev.txt
#
# Each stamp is written last and says from what its part was made: a changed lock, another place
# or a half-finished attempt means that the environment is made anew; a changed pyproject.toml
# alone, that mattone is installed again. PYTHON chooses the interpreter.
set -euo pipefail
cd "$(dirname "$0")/../.."
packages_stamp=.venv/packages-from
project_stamp=.venv/project-from
log=.cache/pip.log

say() { printf '%s\n' "$*"; }

packages_from() { # kind
    say "$1 in $PWD"
    sha256sum "tools/requirements/$1.txt"
}

project_from() { sha256sum pyproject.toml; }

stamped() { # file, expected text
    [ -f "$1" ] && [ "$2" = "$(<"$1")" ]
}

stamp() { # file, text
    say "$2" >"$1.new"
    mv "$1.new" "$1"
}

has_packages() { # kind
    [ -x .venv/bin/python ] && stamped "$packages_stamp" "$(packages_from "$1")"
}

has_project() { stamped "$project_stamp" "$(project_from)"; }

find_python() {
    local candidate
    for candidate in ${PYTHON:-python3 python3.13 python3.12 python3.11}; do
        if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            say "$candidate"
            return
        fi
    done
    say "mattone: Python 3.11 or newer is needed; set PYTHON to one: make setup PYTHON=/path/to/python3.12" >&2
    exit 1
}

install_packages() { # kind
    local python started=$SECONDS lock=tools/requirements/$1.txt
    python=$(find_python)
    if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
        say "mattone: $python cannot make virtual environments; on Debian and Ubuntu: sudo apt-get install python3-venv" >&2
        exit 1
    fi
    say "virtual environment: installing $(grep -c '^[a-zA-Z]' "$lock") packages of $lock into .venv"
    rm -rf .venv
    "$python" -m venv .venv
    pip install --require-hashes --requirement "$lock"
    stamp "$packages_stamp" "$(packages_from "$1")"
    say "virtual environment: done in $((SECONDS - started)) s"
}

install_project() {
    pip install --no-build-isolation --no-index --editable .
    .venv/bin/python -m compileall -q tools/mattone # as pip does with a package that is no checkout
    stamp "$project_stamp" "$(project_from)"
}

pip() {
    export PIP_DISABLE_PIP_VERSION_CHECK=1
    .venv/bin/python -m pip "$1" --quiet --no-input --no-deps "${@:2}" >"$log" 2>&1 </dev/null || {
        tail -n 15 "$log" >&2
        say "mattone: pip $1 failed; the whole output is in $PWD/$log" >&2
        exit 1
    }
}

kind=${1:-}
case $kind in
    run | dev) ;;
    *) say "usage: venv.sh run|dev" >&2; exit 2 ;;
esac
if { has_packages dev || has_packages "$kind"; } && has_project; then exit 0; fi
mkdir -p .cache
exec 9>.cache/setup.lock
flock 9 # two commands at once in one checkout: the second one waits
# whoever had the larger environment keeps it when a lock has changed
if [ -f "$packages_stamp" ] && grep -q '^dev ' "$packages_stamp"; then kind=dev; fi
has_packages "$kind" || install_packages "$kind"
has_project || install_project
