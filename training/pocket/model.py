"""The two networks: their shapes, their start, and pictures as 8x8 patches."""

import torch
from diffusers import UNet2DConditionModel
from torch.nn.functional import pixel_shuffle, pixel_unshuffle
from transformers import CLIPTextConfig, CLIPTextModel

PATCH = 8
TEXT = dict(
    vocab_size=49408, hidden_size=192, intermediate_size=768, num_hidden_layers=4,
    num_attention_heads=6, max_position_embeddings=77, projection_dim=192,
    bos_token_id=49406, eos_token_id=49407, pad_token_id=1,
)
PICTURE = dict(
    sample_size=16, in_channels=192, out_channels=192, block_out_channels=(64, 128, 224),
    down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
    up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
    layers_per_block=1, attention_head_dim=(2, 4, 7), cross_attention_dim=192, norm_num_groups=32,
)


def to_patches(pictures):
    return pixel_unshuffle(pictures, PATCH)


def from_patches(patches):
    return pixel_shuffle(patches, PATCH)


def token_embedding(text):
    """The token table's module, wherever this version of the library keeps it."""
    return text.get_input_embeddings()


def load(folder):
    """(picture network, text encoder) from a folder with `unet/` and `text_encoder/`"""
    unet = UNet2DConditionModel.from_pretrained(f"{folder}/unet", torch_dtype=torch.float32)
    text = CLIPTextModel.from_pretrained(f"{folder}/text_encoder", dtype=torch.float32)
    return prepare(unet, text)


def fresh(table):
    """(picture network, text encoder) from nothing but the frozen token table"""
    text = CLIPTextModel(CLIPTextConfig(**TEXT))
    token_embedding(text).weight.data.copy_(table)
    return prepare(UNet2DConditionModel(**PICTURE), text)


def prepare(unet, text):
    token_embedding(text).requires_grad_(False)
    return unet.to(memory_format=torch.channels_last), text


def save(unet, text, folder):
    unet.half().save_pretrained(f"{folder}/unet")
    text.half().save_pretrained(f"{folder}/text_encoder")
