#!/usr/bin/env bash
# Reads an export whose columns have other names, through a column map.
#   foreign_export.sh EXPORT CASE [MAP]
# First look: which column was taken for what, which detectors can run. Then scan.
set -euo pipefail
if [ $# -lt 2 ]; then
    echo "usage: $0 EXPORT CASE [MAP]" >&2
    exit 2
fi

export_file=$1
case_folder=$2
map=${3:-$(dirname "$0")/foreign_export.toml}

stillhunt inspect "$export_file" --map "$map"
stillhunt scan "$export_file" --map "$map" --out "$case_folder" --progress never
