"""Random weights in the published shapes, as diffusers folders: what a model takes does not depend on what it learned.

    python reference/full_size.py sd1|sd2|sdxl FOLDER

SD 1.5 takes 2.1 GB, SD 2.1 2.6 GB, SDXL 6.9 GB, all in f16. Then, for time and memory:

    cargo run --release -p chatsd-diffusion --example cost -- FOLDER 512x512

Configurations are those of the models' own config.json; the tokenizer knows single characters alone.
"""

import json
import math
import sys
from pathlib import Path

import numpy as np
import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

from sampling import BETAS, byte_characters

CROSS = {"down": "CrossAttnDownBlock2D", "up": "CrossAttnUpBlock2D"}
CLIP_L = {"hidden_size": 768, "intermediate_size": 3072, "num_hidden_layers": 12, "num_attention_heads": 12}
CLIP_L |= {"projection_dim": 768, "hidden_act": "quick_gelu"}
CLIP_H = {"hidden_size": 1024, "intermediate_size": 4096, "num_hidden_layers": 23, "num_attention_heads": 16}
CLIP_H |= {"projection_dim": 512, "hidden_act": "gelu"}
CLIP_G = {"hidden_size": 1280, "intermediate_size": 5120, "num_hidden_layers": 32, "num_attention_heads": 20}
CLIP_G |= {"projection_dim": 1280, "hidden_act": "gelu"}
UNET_1 = {"cross_attention_dim": 768, "attention_head_dim": 8, "sample_size": 64}
UNET_2 = {"cross_attention_dim": 1024, "attention_head_dim": [5, 10, 20, 20], "sample_size": 96}
UNET_2 |= {"use_linear_projection": True}
UNET_XL = {
    "cross_attention_dim": 2048, "attention_head_dim": [5, 10, 20], "sample_size": 128, "use_linear_projection": True,
    "block_out_channels": [320, 640, 1280], "transformer_layers_per_block": [1, 2, 10],
    "down_block_types": ["DownBlock2D", CROSS["down"], CROSS["down"]],
    "up_block_types": [CROSS["up"], CROSS["up"], "UpBlock2D"],
    "addition_embed_type": "text_time", "addition_time_embed_dim": 256, "projection_class_embeddings_input_dim": 2816,
}
MODELS = {
    "sd1": ({"text_encoder": CLIP_L}, UNET_1, 0.18215, {}),
    "sd2": ({"text_encoder": CLIP_H}, UNET_2, 0.18215, {"prediction_type": "v_prediction"}),
    "sdxl": ({"text_encoder": CLIP_L, "text_encoder_2": CLIP_G}, UNET_XL, 0.13025, {}),
}
BLOCK = np.random.default_rng(1).uniform(-1, 1, 1 << 20).astype(np.float32)


def values(name, shape):
    """norm scales of 1, small biases, matrices that keep the size of what they multiply"""
    if len(shape) == 1:
        return np.full(shape, 1.0 if "norm" in name and name.endswith("weight") else 0.01, np.float16)
    count = math.prod(shape)
    scaled = (BLOCK * math.sqrt(3 / math.prod(shape[1:]))).astype(np.float16)
    return np.resize(scaled, count)


def write(folder, file, network, config):
    """a safetensors file, one tensor at a time"""
    folder.mkdir(parents=True, exist_ok=True)
    shapes = {name: list(tensor.shape) for name, tensor in network.state_dict().items()}
    header, end = {}, 0
    for name, shape in shapes.items():
        size = 2 * math.prod(shape)
        header[name] = {"dtype": "F16", "shape": shape, "data_offsets": [end, end + size]}
        end += size
    text = json.dumps(header).encode()
    with open(folder / file, "wb") as out:
        out.write(len(text).to_bytes(8, "little") + text)
        for name, shape in shapes.items():
            out.write(values(name, shape).tobytes())
    (folder / "config.json").write_text(json.dumps(config))
    print(f"{folder.name:16} {end / 2e6:7.1f} million values")


def main():
    name, folder = sys.argv[1], Path(sys.argv[2])
    encoders, unet, factor, predicts = MODELS[name]
    with torch.device("meta"):
        for component, options in encoders.items():
            kind = CLIPTextModelWithProjection if component == "text_encoder_2" else CLIPTextModel
            config = CLIPTextConfig(vocab_size=49408, eos_token_id=513, bos_token_id=512, **options)
            write(folder / component, "model.safetensors", kind(config), config.to_dict())
        network = UNet2DConditionModel(**unet)
        write(folder / "unet", "diffusion_pytorch_model.safetensors", network, dict(network.config))
        kinds = {"down_block_types": ["DownEncoderBlock2D"] * 4, "up_block_types": ["UpDecoderBlock2D"] * 4}
        widths = {"block_out_channels": [128, 256, 512, 512], "layers_per_block": 2, "scaling_factor": factor}
        network = AutoencoderKL(**kinds, **widths)
        config = {"_class_name": "AutoencoderKL", **network.config}
        write(folder / "vae", "diffusion_pytorch_model.safetensors", network, config)
    for part in ("scheduler", "tokenizer"):
        (folder / part).mkdir(exist_ok=True)
    (folder / "scheduler/scheduler_config.json").write_text(json.dumps(BETAS | predicts | {"steps_offset": 1}))
    characters = byte_characters()
    tokens = [*characters, *(c + "</w>" for c in characters), "<|startoftext|>", "<|endoftext|>"]
    vocabulary = {token: number for number, token in enumerate(tokens)}
    (folder / "tokenizer/vocab.json").write_text(json.dumps(vocabulary))
    (folder / "tokenizer/merges.txt").write_text("#version: 0.2\n")


if __name__ == "__main__":
    main()
