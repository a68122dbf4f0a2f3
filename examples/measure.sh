#!/usr/bin/env bash
# Measures the tool on its own synthetic scenarios: every preset, several seeds, the simple
# methods and the scans with a detector left out beside. The README quotes the rows of stillhunt
# at the seeds 617, 1009 and 2027; a run that was stopped goes on where it was.
#   measure.sh FOLDER [SEEDS] [MORE OPTIONS of evaluate --suite]
set -euo pipefail
if [ $# -lt 1 ]; then
    echo "usage: $0 FOLDER [SEEDS] [MORE OPTIONS of evaluate --suite]" >&2
    exit 2
fi

folder=$1
seeds=${2:-1,2,3}
stillhunt evaluate --suite --out "$folder" --seeds "$seeds" "${@:3}"
