#!/bin/sh
# Stands where the Infrastructure Manager expects micromamba. It runs commands in the one environment there
# is, which was installed from a lock; requests to create or change environments change nothing and say so.
set -eu
prefix=/var/tmp/.mamba
command=${1:-}
[ $# -eq 0 ] || shift
name=ansible

# Options stand before the command to run: -n NAME, -p PREFIX, -r ROOT with a value, others without.
while [ $# -gt 0 ]; do
    case $1 in
    -n | --name)
        name=$2
        shift 2
        ;;
    -r | --root-prefix | -p | --prefix | -c | --channel | --cwd | -a | --attach)
        shift 2
        ;;
    -*) shift ;;
    *) break ;;
    esac
done
environment=$prefix/envs/$name

if [ ! -x "$environment/bin/python3" ]; then
    echo "micromamba: there is no environment '$name'; the only one is 'ansible'" >&2
    exit 1
fi
case $command in
run)
    if [ $# -eq 0 ]; then
        echo "micromamba: run needs a command" >&2
        exit 2
    fi
    export VIRTUAL_ENV="$environment" CONDA_PREFIX="$environment" PATH="$environment/bin:$PATH"
    exec "$@"
    ;;
create | install | update)
    echo "micromamba: the environment '$name' is fixed by its lock; left as it is"
    ;;
*)
    echo "micromamba: '$command' is not offered here; run, create and install are" >&2
    exit 2
    ;;
esac
