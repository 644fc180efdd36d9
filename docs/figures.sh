#!/usr/bin/env bash
# Draws every kind of figure from the demo into docs/figures and writes docs/figures.md, so that neither can go stale:
#     cargo build --release && docs/figures.sh
# Another binary is named by INFOPLANE.
set -euo pipefail
cd "$(dirname "$0")/.."
infoplane=${INFOPLANE:-target/release/infoplane}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
measure() {
    "$infoplane" measure assets/demo --backend cpu --no-store "$@" 2>> "$work/log" || { cat "$work/log" >&2; exit 1; }
}

corpus=assets/demo/books-sample.jsonl
measure --corpus $corpus --samples 64 --out "$work/demo.json"
measure --corpus $corpus --samples 64 --points 50 --out "$work/n50.json"
labels=tests/fixtures/labels
measure --pairs $labels/pairs.jsonl --chat-template $labels/chat_template.jinja --out "$work/pairs.json"
"$infoplane" frontier --corpus $corpus --tokenizer assets/demo/gutenberg-1m/tokenizer.json --samples 64 --no-store \
    --backend cpu --out "$work/frontier.json" 2>> "$work/log"
# A benchmark that the demo's models can be put to: the loss on another text, a number a checkpoint.
measure --corpus README.md --samples 64 --max-order 1 --points 10 --reference-seeds 1 --out "$work/readme.json"
"$infoplane" figure "$work/readme.json" --kind loss --out "$work/loss.csv"
awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; print "model,checkpoint,loss on this page"; next }
    $at["series"] == "loss" && $at["x"] == $at["step"] { print $at["run"] "," $at["checkpoint"] "," $at["y"] }' \
    "$work/loss.csv" > "$work/scores.csv"

{
    echo '# Every kind of figure'
    echo
    echo '`infoplane figure RESULTS… --kind KIND --out FILE` draws each; FILE ends in `.svg`, `.pdf`, `.png`, or `.csv` for its'
    echo 'numbers, a row a datum. `infoplane figure --help` lists what of them can be chosen. The pictures are of the demo, drawn'
    echo 'by [`figures.sh`](figures.sh).'
    echo
    echo '| kind | paper, figure | what it shows | |'
    echo '|---|---|---|---|'
} > docs/figures.md
rm -f docs/figures/*.svg
"$infoplane" figure --list | while IFS= read -r line; do
    kind=$(cut -f 1 <<< "$line") paper=$(cut -f 2 <<< "$line") about=$(cut -f 3 <<< "$line")
    results=("$work/demo.json")
    more=()
    case $kind in
        benchmarks | correlations) more=(--scores "$work/scores.csv") ;;
        preference) results=("$work/pairs.json") ;;
        frontier) more=(--frontier "$work/frontier.json") ;;
        ranking) more=(--checkpoints step2000) ;;
        robustness) results+=("$work/n50.json") ;;
        labels) results=(); more=(--corpus $corpus --tokenizer assets/demo/gutenberg-1m/tokenizer.json) ;;
        estimator) results=() ;;
    esac
    picture="nothing to draw of the demo"
    out=docs/figures/$kind.svg
    # 1: drawn, but for a run that lacks what is shown.
    if "$infoplane" figure "${results[@]}" --kind "$kind" "${more[@]}" --out "$out" 2>> "$work/log" || [ $? -eq 1 ]; then
        picture="![$kind](figures/$kind.svg)"
    fi
    echo "| \`$kind\` | $paper | $about | $picture |" >> docs/figures.md
done
