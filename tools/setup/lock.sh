#!/usr/bin/env bash
# Resolve the dependencies of pyproject.toml into hash locks that hold for every supported Python.
# No index address goes into a lock: pip takes each file from wherever it is set up to look, and
# accepts it by its hash alone. UPGRADE=1 moves to the newest versions, else pins stay where they can.
set -euo pipefail
cd "$(dirname "$0")/../.."
locks=tools/requirements
[ -x .venv/bin/uv ] || tools/setup/venv.sh dev

compile() { # lock, then options
    .venv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
        --no-header --no-annotate --no-emit-index-url --no-emit-find-links ${UPGRADE:+--upgrade} \
        pyproject.toml --group build "${@:2}" --output-file "$locks/$1.txt"
    printf '%s: %s packages\n' "$locks/$1.txt" "$(grep -c '^[a-zA-Z]' "$locks/$1.txt")"
}

compile run
compile dev --constraint "$locks/run.txt" --group test --group check --group roles --group lock
