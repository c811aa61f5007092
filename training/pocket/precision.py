"""Which number format is fast: bf16, or f32 on a processor without instructions for bf16 (there it is
four times slower, and Muon's products alone took most of a step)."""

from pathlib import Path

import torch


def fast(device):
    facts = Path("/proc/cpuinfo")
    if str(device) != "cpu" or (facts.exists() and "avx512_bf16" in facts.read_text()):
        return torch.bfloat16
    return torch.float32
