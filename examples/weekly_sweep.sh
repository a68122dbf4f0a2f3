#!/usr/bin/env bash
# A weekly sweep for cron: scans a folder of logs, holds the case against that of the week
# before, and speaks up only when there is reason to. A folder that holds more than the week
# needs --since and --until; a rerun in the same week replaces that week's case.
#   weekly_sweep.sh LOGS_FOLDER ACCOUNTS_TABLE CASES_FOLDER [EVENTS_TABLE]
set -uo pipefail
if [ $# -lt 3 ]; then
    echo "usage: $0 LOGS_FOLDER ACCOUNTS_TABLE CASES_FOLDER [EVENTS_TABLE]" >&2
    exit 2
fi

logs=$1
accounts=$2
events=${4:-}
week=$(date -u +%G-W%V)
case_folder=$3/$week
# The latest case of an earlier week, if there is one.
baseline=$(find "$3" -mindepth 2 -maxdepth 2 -name case.json 2>/dev/null |
    sed 's|/case.json$||' | sort | grep -vxF "$case_folder" | tail -n 1)

stillhunt scan "$logs" --accounts "$accounts" ${events:+--events "$events"} --out "$case_folder" \
    ${baseline:+--baseline "$baseline" --fail-on-new} \
    --force --profile cautious --fail-on likely --progress never --quiet
status=$?

case $status in
    0) echo "nothing at likely or above; this is not a clean bill of health: $case_folder/report.md" ;;
    10) echo "campaigns at likely or above${baseline:+, none of them new or grown}: $case_folder/report.html" ;;
    11) echo "new or grown campaigns since $baseline: $case_folder/changes.csv" ;;
    *) echo "the sweep did not finish properly, exit code $status" >&2 ;;
esac
exit $status
