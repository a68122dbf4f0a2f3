#!/usr/bin/env bash
# Reproduces a published campaign as a synthetic log with a known truth, looks for it, and
# scores what was found beside five simple methods.
#   reproduce_campaign.sh FOLDER [PRESET] [SCALE] [SEED]
# `stillhunt simulate --list` names the presets, with what was published about each and what
# was not. The scores are synthetic: they say what the tool does with this scenario.
set -euo pipefail
if [ $# -lt 1 ]; then
    echo "usage: $0 FOLDER [PRESET] [SCALE] [SEED]" >&2
    exit 2
fi

folder=$1
preset=${2:-minimax-2026-02}
scale=${3:-0.01}
seed=${4:-1}

stillhunt simulate "$preset" --scale "$scale" --seed "$seed" --out "$folder/log" --progress never
stillhunt scan "$folder/log/requests.parquet" --accounts "$folder/log/accounts.csv" \
    --events "$folder/log/events.csv" --out "$folder/case" --progress never
stillhunt evaluate "$folder/case" --truth "$folder/log/truth_accounts.csv" \
    --truth-requests "$folder/log/truth_requests.parquet" \
    --baselines "$folder/log/requests.parquet" --accounts "$folder/log/accounts.csv"
