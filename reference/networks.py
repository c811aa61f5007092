"""Golden tensors for every network of ChatSD, computed by diffusers and transformers.

    python reference/networks.py

writes crates/chatsd-diffusion/tests/goldens/networks/NAME.safetensors for each network below:

    metadata "config"   the network's config.json
    metadata "shapes"   {name: shape} of its weights, as JSON
    metadata "loud"     what begins the names of weights that are LOUD times as large, if any are
    in.*, out.*         what it is given and what it makes, f32, PyTorch's order

The weights are not stored: `weight` makes every one of them, norms and biases too, from its name and
place alone, here and in the tests alike. So the files are small and the networks need not be.
"""

import json
import math
from pathlib import Path

import numpy as np
import torch
from diffusers import AutoencoderKL, AutoencoderTiny, UNet2DConditionModel
from safetensors.torch import save_file
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

LOUD = 2.0**14
TARGET = Path(__file__).parents[1] / "crates/chatsd-diffusion/tests/goldens/networks"


def noise(name, count):
    """`count` numbers in -1..1: splitmix64 (Steele et al. 2014) seeded with FNV-1a of the name"""
    seed = 0xCBF29CE484222325
    for byte in name.encode():
        seed = (seed ^ byte) * 0x100000001B3 % 2**64
    with np.errstate(over="ignore"):
        z = np.uint64(seed) + np.arange(1, count + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z ^= z >> np.uint64(31)
    return (z >> np.uint64(40)).astype(np.float32) * np.float32(2**-23) - np.float32(1)


def weight(name, shape):
    """norm scales about 1, biases about 0, matrices that keep the size of what they multiply"""
    values = noise(name, math.prod(shape))
    if len(shape) > 1:
        values *= np.float32(math.sqrt(3 / math.prod(shape[1:])))
    else:
        values = values * np.float32(0.25) + np.float32(name.endswith("weight"))
    return torch.from_numpy(values.reshape(shape))


def given(name, *shape, scale=1.7):
    return torch.from_numpy(noise(name, math.prod(shape)).reshape(shape)) * scale


def fill(network, loud=None):
    """weights below `loud` are LOUD times as large"""
    state = network.state_dict()
    factor = lambda name: LOUD if loud and name.startswith(loud) else 1
    network.load_state_dict({name: weight(name, tuple(t.shape)) * factor(name) for name, t in state.items()})
    return network.float().eval()


def save(name, network, config, tensors, loud=""):
    shapes = {key: list(tensor.shape) for key, tensor in network.state_dict().items()}
    metadata = {"config": json.dumps(config), "shapes": json.dumps(shapes)} | ({"loud": loud} if loud else {})
    TARGET.mkdir(parents=True, exist_ok=True)
    path = TARGET / f"{name}.safetensors"
    save_file({key: tensor.float().contiguous() for key, tensor in tensors.items()}, path, metadata)
    print(f"{path.name:28} {path.stat().st_size:7} bytes", end="")
    for key, tensor in tensors.items():
        if key.startswith("out."):
            print(f"  {key} {list(tensor.shape)} deviation {tensor.float().std():.3f}", end="")
    print()


def text(name, kind, tokens, **changes):
    config = CLIPTextConfig(
        **{
            "vocab_size": 64,
            "hidden_size": 32,
            "intermediate_size": 80,
            "num_hidden_layers": 3,
            "num_attention_heads": 4,
            "max_position_embeddings": 20,
            "projection_dim": 24,
            "bos_token_id": 62,
            "eos_token_id": 63,
            "pad_token_id": 63,
            **changes,
        }
    )
    network = fill(kind(config))
    made = network(torch.tensor([tokens]), output_hidden_states=True)
    tensors = {"in.tokens": torch.tensor(tokens), "out.states": made.last_hidden_state}
    tensors["out.second_to_last"] = made.hidden_states[-2]
    tensors["out.first_layer"] = made.hidden_states[1]
    if hasattr(made, "text_embeds"):
        tensors["out.pooled"] = made.text_embeds
    save(name, network, config.to_dict(), tensors)


def unet(name, time=437.0, batch=1, tokens=7, height=8, width=12, added=None, guidance=None, **changes):
    config = {
        "in_channels": 4,
        "out_channels": 4,
        "block_out_channels": [32, 64],
        "down_block_types": ["CrossAttnDownBlock2D", "DownBlock2D"],
        "up_block_types": ["UpBlock2D", "CrossAttnUpBlock2D"],
        "layers_per_block": 1,
        "norm_num_groups": 8,
        "cross_attention_dim": 24,
        "attention_head_dim": 4,
        **changes,
    }
    network = fill(UNet2DConditionModel(**config))
    z = given("z", batch, config["in_channels"], height, width)
    states = given("states", batch, tokens, config["cross_attention_dim"])
    tensors = {"in.z": z, "in.states": states, "in.time": torch.tensor([time])}
    more = {}
    if added:
        tensors["in.pooled"], tensors["in.sizes"] = added
        more["added_cond_kwargs"] = {"text_embeds": added[0], "time_ids": added[1].repeat(batch, 1)}
    if guidance:
        tensors["in.guidance"] = torch.tensor([guidance])
        waves = guidance_waves(guidance, config["time_cond_proj_dim"])
        more["timestep_cond"] = waves.repeat(batch, 1)
    tensors["out.sample"] = network(z, torch.tensor(time), states, **more).sample
    save(name, network, dict(network.config), tensors)


def guidance_waves(guidance, channels):
    """`get_guidance_scale_embedding` of diffusers' latent consistency pipeline"""
    half = channels // 2
    frequencies = torch.exp(torch.arange(half, dtype=torch.float32) * -(math.log(10000.0) / (half - 1)))
    angles = torch.tensor([(guidance - 1) * 1000.0])[:, None] * frequencies[None]
    return torch.cat([angles.sin(), angles.cos()], dim=1)


def autoencoder(name, network, height, width, channels, factor, loud=""):
    network = fill(network, loud)
    image = given("image", 1, 3, height, width, scale=1.0)
    latent = given("latent", 2, channels, height // factor, width // factor, scale=3.0)
    scale, shift = network.config.scaling_factor, getattr(network.config, "shift_factor", None) or 0.0
    encoded = network.encode(image)
    encoded = encoded.latent_dist.mean if hasattr(encoded, "latent_dist") else encoded.latents
    tensors = {
        "in.image": image,
        "in.latent": latent,
        "out.latent": (encoded - shift) * scale,
        "out.image": network.decode(latent / scale + shift).sample,
    }
    save(name, network, {"_class_name": type(network).__name__, **network.config}, tensors, loud)
    if loud:
        assert not network.half().decode(latent.half()).sample.isfinite().all(), "f16 does not overflow"


@torch.no_grad()
def main():
    words = [62, 5, 40, 17, 5, 61, 63, 63, 63, 63]
    text("text-quick-gelu", CLIPTextModel, words, hidden_act="quick_gelu")
    text("text-projection", CLIPTextModelWithProjection, words, hidden_act="gelu")
    text("text-old-end", CLIPTextModelWithProjection, words[:8], hidden_act="gelu", eos_token_id=2)

    cross = {"down": "CrossAttnDownBlock2D", "up": "CrossAttnUpBlock2D"}
    unet("unet-1", batch=2, layers_per_block=2)
    unet(
        "unet-2",
        use_linear_projection=True,
        attention_head_dim=[2, 8],
        down_block_types=["DownBlock2D", cross["down"]],
        up_block_types=[cross["up"], "UpBlock2D"],
        only_cross_attention=[False, True],
        freq_shift=1,
        flip_sin_to_cos=False,
    )
    unet(
        "unet-xl",
        batch=2,
        use_linear_projection=True,
        block_out_channels=[32, 64, 64],
        layers_per_block=[1, 2, 1],
        down_block_types=["DownBlock2D", cross["down"], cross["down"]],
        up_block_types=[cross["up"], cross["up"], "UpBlock2D"],
        transformer_layers_per_block=[1, 2, 3],
        attention_head_dim=[2, 4, 8],
        addition_embed_type="text_time",
        addition_time_embed_dim=8,
        projection_class_embeddings_input_dim=20 + 6 * 8,
        added=(given("pooled", 2, 20), torch.tensor([512.0, 768, 0, 16, 1024, 640])),
    )
    unet(
        "unet-no-mid",
        mid_block_type=None,
        down_block_types=[cross["down"]] * 2,
        up_block_types=[cross["up"]] * 2,
        downsample_padding=0,
    )
    unet("unet-plain-mid", mid_block_type="UNetMidBlock2D", in_channels=9, conv_in_kernel=5, conv_out_kernel=1)
    unet(
        "unet-depths",
        layers_per_block=2,
        transformer_layers_per_block=[[1, 2], [2, 1]],
        reverse_transformer_layers_per_block=[[1, 1, 1], [1, 2, 1]],
    )
    unet("unet-lcm", time_cond_proj_dim=16, guidance=7.5)

    tiny = {"num_encoder_blocks": [1, 2, 1], "num_decoder_blocks": [2, 1, 1]}
    widths = {"encoder_block_out_channels": [32] * 3, "decoder_block_out_channels": [32] * 3}
    autoencoder("autoencoder-tiny", AutoencoderTiny(**tiny, **widths), 16, 24, 4, 4)
    kl = {"down_block_types": ["DownEncoderBlock2D"] * 2, "up_block_types": ["UpDecoderBlock2D"] * 2}
    kl |= {"block_out_channels": [32, 64], "layers_per_block": 2, "norm_num_groups": 8}
    autoencoder("autoencoder-kl", AutoencoderKL(**kl), 16, 24, 4, 2)
    autoencoder("autoencoder-kl-loud", AutoencoderKL(**kl), 16, 24, 4, 2, loud="decoder.conv_in")
    other = {"use_quant_conv": False, "use_post_quant_conv": False, "shift_factor": 0.1159, "latent_channels": 16}
    other |= {"scaling_factor": 0.3611, "mid_block_add_attention": False}
    autoencoder("autoencoder-kl-16", AutoencoderKL(**kl | other), 12, 8, 16, 2)


if __name__ == "__main__":
    main()
