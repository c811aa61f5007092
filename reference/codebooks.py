"""The codebooks of ggml's IQ formats, a byte a value, for chatsd-tensor. Needs the Python package gguf (MIT)."""

from pathlib import Path

import numpy as np
from gguf import quants

OUT = Path(__file__).parent.parent / "crates/chatsd-tensor/src/format/codebooks.bin"

with OUT.open("wb") as out:
    for kind in [quants.IQ2_XXS, quants.IQ2_XS, quants.IQ2_S, quants.IQ3_XXS, quants.IQ3_S, quants.IQ1_S]:
        kind.init_grid()
        out.write(kind.grid.astype(np.int8).tobytes())
