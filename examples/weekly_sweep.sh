#!/usr/bin/env bash
# A weekly sweep for cron: scans a folder of logs and speaks up only when there is reason to.
# A folder that holds more than the week needs --since and --until; a rerun in the same week
# replaces that week's case.
#   weekly_sweep.sh LOGS_FOLDER ACCOUNTS_TABLE CASES_FOLDER
set -uo pipefail

logs=$1
accounts=$2
case_folder=$3/$(date -u +%G-W%V)

stillhunt scan "$logs" --accounts "$accounts" --out "$case_folder" \
    --force --profile cautious --fail-on likely --progress never --quiet
status=$?

case $status in
    0) echo "nothing at likely or above; this is not a clean bill of health: $case_folder/report.md" ;;
    10) echo "campaigns at likely or above: $case_folder/report.html" ;;
    *) echo "the sweep did not finish properly, exit code $status" >&2 ;;
esac
exit $status
