#!/usr/bin/env bash
# How often each test of what a group does speaks: for groups of strangers, of one innocent
# population among others, of one innocent population among its own kind, and of each campaign.
# All logs are synthetic. Needs stillhunt on the search path; a quarter of an hour on two cores
# with two seeds.
#   group_tests.sh FOLDER [SEEDS] [GROUPS] [LOGS, all without]
set -euo pipefail
if [ $# -lt 1 ]; then
    echo "usage: $0 FOLDER [SEEDS, for example 41,42] [GROUPS of each kind, 200] [LOGS, for example quiet]" >&2
    exit 2
fi

folder=$1
IFS=, read -ra seeds <<<"${2:-41,42}"
groups=${3:-200}
only=("${@:4}")
done_with=()
mkdir -p "$folder"

# wanted NAME: whether these logs are asked for
wanted() {
    [ ${#only[@]} -eq 0 ] || [[ " ${only[*]} " == *" $1 "* ]]
}

# simulate_all NAME PRESET [OPTIONS]: one log per seed
simulate_all() {
    local name=$1 preset=$2
    wanted "$name" || return 0
    for seed in "${seeds[@]}"; do
        if [ ! -e "$folder/$name-$seed/truth_accounts.csv" ]; then
            stillhunt simulate "$preset" --seed "$seed" --out "$folder/$name-$seed" "${@:3}" >"$folder/simulate.txt"
        fi
    done
}

# look_at NAME [OPTIONS]: the tests on the logs of this name, in a table of the same name ($table
# and $groups may say otherwise)
look_at() {
    local logs=() file="$folder/${table:-$1}.txt"
    wanted "$1" || return 0
    for seed in "${seeds[@]}"; do logs+=("$folder/$1-$seed"); done
    stillhunt evaluate --tests "${logs[@]}" --groups "$groups" "${@:2}" >"$file"
    done_with+=("$file")
}

populations=(office_nat campus popular_client template_apps judge_pipeline eval_harness seat_pool
    reseller ci_fleet cloud_egress vpn_users early_adopters translation_shop classifier_builder
    carrier_nat annotation_vendor serverless aggregator wrongly_closed)
nobody=()
for population in "${populations[@]}"; do nobody+=(--innocent "$population=0"); done

# every population among the others
simulate_all quiet quiet --scale 0.02 --innocent ci_fleet=60
look_at quiet
# Some tests find too few accounts to look at in most groups of twenty: larger groups, and more of them.
table=quiet-large groups=$((3 * groups)) look_at quiet --group-accounts 100

# some among their own kind: people, agents, build machines, scheduled functions, a campus with its
# classes, early adopters, people closed in waves by mistake, and the seats of a pool
simulate_all alone-organic quiet "${nobody[@]}" --organic-accounts 300
look_at alone-organic
for population in template_apps ci_fleet serverless campus early_adopters seat_pool wrongly_closed; do
    others=()
    for other in "${populations[@]}"; do
        if [ "$other" != "$population" ]; then others+=(--innocent "$other=0"); fi
    done
    simulate_all "alone-$population" quiet "${others[@]}" --organic-accounts 0 --innocent "$population=300"
    # Declared seats are one customer, and one account to the tests: let nobody have declared them.
    if [ "$population" = seat_pool ] && wanted "alone-$population"; then
        for seed in "${seeds[@]}"; do
            sed -i '1s/org_name,org_id/name_left_out,id_left_out/' "$folder/alone-$population-$seed/accounts.csv"
        done
    fi
    case $population in
    # Larger groups of these hold enough accounts that are at work at one time.
    early_adopters | seat_pool)
        table=alone-$population-large groups=$((3 * groups)) look_at "alone-$population" --group-accounts 100
        ;;
    esac
    case $population in
    # Few of them are new and busy enough to be looked at: larger groups hold some.
    wrongly_closed) look_at "alone-$population" --group-accounts 100 ;;
    *) look_at "alone-$population" ;;
    esac
done

# the campaigns
while read -r preset scale; do
    simulate_all "$preset" "$preset" --scale "$scale"
    look_at "$preset"
done <<'PRESETS'
deepseek-2026-02 0.05
moonshot-2026-02 0.04
minimax-2026-02 0.01
hydra 0.01
alibaba-2026-09 0.008
moonshot-relay-2026-09 0.02
openai-2026-09 0.02
zhipu-2026-09 0.04
recon-then-scale 0.05
careful 0.05
PRESETS

if [ ${#done_with[@]} -eq 0 ]; then
    echo "none of these logs is known: ${only[*]}; they are quiet, alone-POPULATION and the presets named above" >&2
    exit 2
fi
printf 'the tables are in:\n'
printf '  %s\n' "${done_with[@]}"
