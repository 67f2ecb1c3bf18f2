#!/usr/bin/env bash
# Sets up what is missing and runs the benchmark: `./run.sh`, `./run.sh compare --sizes 2k`, `./run.sh equal`, …
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

if [[ ! -x out/venv/bin/python ]]; then
    python3 -m venv out/venv
    out/venv/bin/pip install --quiet --requirement runners/requirements.txt
fi
if [[ ! out/lemon -nt runners/lemon.cpp ]]; then
    g++ -std=c++17 -O3 -march=native runners/lemon.cpp -o out/lemon
fi
exec cargo run --release -- "${@:-compare}"
