"""GGUF files written by stable-diffusion.cpp's converter from a small set of tensors, for the tests of chatsd-weights.

    python sdcpp.py SD_CLI    # SD_CLI: its program, built from source
"""

import subprocess
import sys
from pathlib import Path

import torch
from safetensors.torch import save_file

OUT = Path(__file__).parent.parent / "crates/chatsd-weights/tests/fixtures"
UNET, VAE, TEXT = "model.diffusion_model", "first_stage_model", "cond_stage_model.transformer.text_model"

torch.manual_seed(5)
tensors = {
    f"{UNET}.input_blocks.0.0.weight": torch.randn(8, 4, 3, 3) / 4,
    f"{UNET}.input_blocks.0.0.bias": torch.randn(8),
    f"{UNET}.input_blocks.1.1.transformer_blocks.0.attn1.to_q.weight": torch.randn(4, 256) / 8,
    f"{UNET}.input_blocks.1.1.transformer_blocks.0.attn2.to_k.weight": torch.randn(2, 768) / 8,
    f"{UNET}.input_blocks.1.1.norm.weight": torch.randn(32),
    f"{VAE}.decoder.conv_in.weight": torch.randn(8, 4, 3, 3) / 4,
    f"{TEXT}.embeddings.token_embedding.weight": torch.randn(2, 768) / 8,
    f"{TEXT}.final_layer_norm.weight": torch.randn(768),
}
source = OUT / "sdcpp.safetensors"
save_file({name: tensor.half() for name, tensor in tensors.items()}, source)
for kind in ["f16", "q8_0", "q4_K", "q5_0", "q6_K"]:
    target = OUT / f"sdcpp-{kind}.gguf"
    subprocess.run([sys.argv[1], "-M", "convert", "-m", source, "-o", target, "--type", kind], check=True)
