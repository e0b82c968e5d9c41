#!/usr/bin/env bash
# Resolve the dependencies of pyproject.toml into hash locks that hold for every supported Python.
# No index address goes into a lock: pip takes each file from wherever it is set up to look, and
# accepts it by its hash alone. UPGRADE=1 moves to the newest versions, else pins stay where they can.
set -euo pipefail
cd "$(dirname "$0")/../.."
locks=tools/requirements
[ -x .venv/bin/uv ] || tools/setup/venv.sh dev

engine=tools/mattone/engines/infrastructure_manager

compile() { # sources and options
    .venv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
        --no-header --no-annotate --no-emit-index-url --no-emit-find-links ${UPGRADE:+--upgrade} "$@"
}

project() { # name of the lock, then options
    compile pyproject.toml --group build "${@:2}" --output-file "$locks/$1.txt"
}

project run
project dev --constraint "$locks/run.txt" --group test --group expectations --group check --group roles --group lock
for alone in rivals fuzz; do
    project "$alone" --constraint "$locks/run.txt" --group "$alone"
done

# The engine's own list names every cloud's SDK; requirements.in has what its connectors here need, so the
# engine itself is added without its dependencies, at the version that it has now (edit that line to move it).
pin=$(grep -oE '^im==[0-9.]+' "$engine/requirements.txt")
cp "$engine/requirements.txt" "$engine/requirements.new"
compile "$engine/requirements.in" --output-file "$engine/requirements.new"
compile --no-deps - <<<"$pin" >>"$engine/requirements.new"
mv "$engine/requirements.new" "$engine/requirements.txt"

for lock in "$locks"/*.txt "$engine/requirements.txt"; do
    printf '%s: %s packages\n' "$lock" "$(grep -c '^[a-zA-Z]' "$lock")"
done
