"""How checkpoints of other programs name the tensors of each family, for the tests of chatsd-weights.

    python reference/layouts.py

writes crates/chatsd-weights/tests/layouts/FAMILY.json.gz for each family below:

    components  {name: {config, tensors: [[network name, file name, view, shape there, small shape there]]}}
    others      [[file name, shape, small shape]]: what a file holds besides

A network is made twice after its published configuration: at its size, without memory, and small, with random
weights. The original's names of the small one are written down here from its structure alone; then diffusers' own
converter reads them back, and every tensor must be the one that was written.
"""

import gzip
import json
import re
from pathlib import Path

import torch
from diffusers import AutoencoderKL, AutoencoderTiny, ControlNetModel, UNet2DConditionModel
from diffusers.loaders import single_file_utils as theirs
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

TARGET = Path(__file__).parents[1] / "crates/chatsd-weights/tests/layouts"
DOWN, CROSS, UP, UPCROSS = "DownBlock2D", "CrossAttnDownBlock2D", "UpBlock2D", "CrossAttnUpBlock2D"

SD1 = {
    "in_channels": 4,
    "block_out_channels": [320, 640, 1280, 1280],
    "down_block_types": [CROSS, CROSS, CROSS, DOWN],
    "up_block_types": [UP, UPCROSS, UPCROSS, UPCROSS],
    "layers_per_block": 2,
    "cross_attention_dim": 768,
    "attention_head_dim": 8,
}
SD2 = SD1 | {"cross_attention_dim": 1024, "attention_head_dim": [5, 10, 20, 20], "use_linear_projection": True}
XL = {
    "in_channels": 4,
    "block_out_channels": [320, 640, 1280],
    "down_block_types": [DOWN, CROSS, CROSS],
    "up_block_types": [UPCROSS, UPCROSS, UP],
    "layers_per_block": 2,
    "cross_attention_dim": 2048,
    "attention_head_dim": [5, 10, 20],
    "transformer_layers_per_block": [1, 2, 10],
    "use_linear_projection": True,
    "addition_embed_type": "text_time",
    "addition_time_embed_dim": 256,
    "projection_class_embeddings_input_dim": 2816,
}
REFINER = XL | {
    "block_out_channels": [384, 768, 1536, 1536],
    "down_block_types": [DOWN, CROSS, CROSS, DOWN],
    "up_block_types": [UP, UPCROSS, UPCROSS, UP],
    "cross_attention_dim": 1280,
    "attention_head_dim": [6, 12, 24, 24],
    "transformer_layers_per_block": 4,
    "projection_class_embeddings_input_dim": 2560,
}
SSD1B = XL | {
    "mid_block_type": "UNetMidBlock2D",
    "transformer_layers_per_block": [1, [2, 2], [4, 4]],
    "reverse_transformer_layers_per_block": [[4, 4, 10], [2, 1, 1], 1],
}
VEGA = XL | {
    "mid_block_type": "UNetMidBlock2D",
    "transformer_layers_per_block": [1, [1, 1], [2, 2]],
    "reverse_transformer_layers_per_block": [[2, 2, 2], [1, 1, 1], 1],
}
BK_BASE = SD1 | {"layers_per_block": 1}
BK_TINY = BK_BASE | {
    "block_out_channels": [320, 640, 1280],
    "down_block_types": [CROSS] * 3,
    "up_block_types": [UPCROSS] * 3,
    "mid_block_type": None,
}
SDXS = BK_TINY | {
    "down_block_types": [DOWN, CROSS, CROSS],
    "up_block_types": [UPCROSS, UPCROSS, UP],
    "cross_attention_dim": 1024,
    "attention_head_dim": [5, 10, 20],
    "use_linear_projection": True,
}
VAE = {
    "block_out_channels": [128, 256, 512, 512],
    "down_block_types": ["DownEncoderBlock2D"] * 4,
    "up_block_types": ["UpDecoderBlock2D"] * 4,
    "layers_per_block": 2,
    "latent_channels": 4,
}
CLIP_L = {"hidden_size": 768, "intermediate_size": 3072, "num_hidden_layers": 12, "num_attention_heads": 12}
CLIP_H = {
    "hidden_size": 1024,
    "intermediate_size": 4096,
    "num_hidden_layers": 23,
    "num_attention_heads": 16,
    "hidden_act": "gelu",
}
CLIP_G = {
    "hidden_size": 1280,
    "intermediate_size": 5120,
    "num_hidden_layers": 32,
    "num_attention_heads": 20,
    "hidden_act": "gelu",
    "projection_dim": 1280,
}


def small(config):
    """the same structure with few channels"""
    config = dict(config)
    if "block_out_channels" in config:
        config["block_out_channels"] = [32, 64, 96, 96][: len(config["block_out_channels"])]
    if "attention_head_dim" in config:
        config["attention_head_dim"] = 1 if config.get("use_linear_projection") else 8
    if "cross_attention_dim" in config:
        config["cross_attention_dim"] = 64 if config["cross_attention_dim"] == 2048 else 32
    if config.get("projection_class_embeddings_input_dim"):
        sizes = config["projection_class_embeddings_input_dim"] - 1280
        config["projection_class_embeddings_input_dim"] = sizes + 32
    if "hidden_size" in config:
        config |= {"hidden_size": 32, "intermediate_size": 64, "num_attention_heads": 1}
        if "projection_dim" in config:
            config["projection_dim"] = 32
    return config


def text(kind):
    def make(config):
        return kind(CLIPTextConfig(eos_token_id=49407, **config))

    return make


def text_config(config):
    return {"hidden_act": "quick_gelu", "vocab_size": 49408, "eos_token_id": 49407} | config


def kl(config):
    return AutoencoderKL(**config)


def tiny(config):
    return AutoencoderTiny(**config)


RESNET = {
    "norm1": "in_layers.0",
    "conv1": "in_layers.2",
    "time_emb_proj": "emb_layers.1",
    "norm2": "out_layers.0",
    "conv2": "out_layers.3",
    "conv_shortcut": "skip_connection",
}
OUTSIDE = {
    "time_embedding.linear_1": "time_embed.0",
    "time_embedding.linear_2": "time_embed.2",
    "time_embedding.cond_proj": "time_embed.cond_proj",
    "add_embedding.linear_1": "label_emb.0.0",
    "add_embedding.linear_2": "label_emb.0.2",
    "conv_in": "input_blocks.0.0",
    "conv_norm_out": "out.0",
    "conv_out": "out.2",
    "controlnet_mid_block": "middle_block_out.0",
    "controlnet_cond_embedding.conv_in": "input_hint_block.0",
    "controlnet_cond_embedding.conv_out": "input_hint_block.14",
}


def original_unet(name, config):
    """input and output blocks are numbered through; a block's last but one is followed by its change of size"""
    part, ending = name.rsplit(".", 1)
    if part in OUTSIDE:
        return f"{OUTSIDE[part]}.{ending}", "whole"
    if match := re.fullmatch(r"controlnet_down_blocks\.(\d+)", part):
        return f"zero_convs.{match[1]}.0.{ending}", "whole"
    if match := re.fullmatch(r"controlnet_cond_embedding\.blocks\.(\d+)", part):
        return f"input_hint_block.{2 * int(match[1]) + 2}.{ending}", "whole"
    layers = config["layers_per_block"]
    way, rest = name.split(".", 1)
    if way == "mid_block":
        kind, number, rest = rest.split(".", 2)
        attends = config.get("mid_block_type", "UNetMidBlock2DCrossAttn") == "UNetMidBlock2DCrossAttn"
        place = 1 if kind == "attentions" else int(number) * (2 if attends else 1)
        where = f"middle_block.{place}"
    else:
        block, kind, number, rest = rest.split(".", 3)
        block, number = int(block), int(number)
        if way == "down_blocks":
            at = 1 + block * (layers + 1) + number
            if kind == "downsamplers":
                at = 1 + block * (layers + 1) + layers
                return f"input_blocks.{at}.0.op.{ending}", "whole"
            where = f"input_blocks.{at}"
        else:
            at = block * (layers + 1) + number
            if kind == "upsamplers":
                at = block * (layers + 1) + layers
                place = 2 if config["up_block_types"][block] == UPCROSS else 1
                return f"output_blocks.{at}.{place}.conv.{ending}", "whole"
            where = f"output_blocks.{at}"
        where += ".1" if kind == "attentions" else ".0"
    if "resnets" in name:
        layer, ending = rest.rsplit(".", 1)
        rest = f"{RESNET[layer]}.{ending}"
    return f"{where}.{rest}", "whole"


def original_vae(name, config):
    """the way up is numbered backwards; the attention's layers are 1x1 convolutions"""
    last = len(config["block_out_channels"]) - 1
    name = name.replace("mid_block.resnets.0", "mid.block_1").replace("mid_block.resnets.1", "mid.block_2")
    name = name.replace("conv_norm_out", "norm_out").replace("conv_shortcut", "nin_shortcut")
    name = re.sub(r"down_blocks\.(\d)\.resnets\.(\d)", r"down.\1.block.\2", name)
    name = re.sub(r"down_blocks\.(\d)\.downsamplers\.0", r"down.\1.downsample", name)
    name = re.sub(r"up_blocks\.(\d)\.resnets\.(\d)", lambda m: f"up.{last - int(m[1])}.block.{m[2]}", name)
    name = re.sub(r"up_blocks\.(\d)\.upsamplers\.0", lambda m: f"up.{last - int(m[1])}.upsample", name)
    if "mid_block.attentions.0" not in name:
        return name, "whole"
    name = name.replace("mid_block.attentions.0", "mid.attn_1").replace("group_norm", "norm")
    attention = re.fullmatch(r"(.*attn_1)\.(to_q|to_k|to_v|to_out\.0)\.(weight|bias)", name)
    if not attention:
        return name, "whole"
    layer = {"to_q": "q", "to_k": "k", "to_v": "v", "to_out.0": "proj_out"}[attention[2]]
    return f"{attention[1]}.{layer}.{attention[3]}", "matrix" if attention[3] == "weight" else "whole"


def original_taesd(name, config):
    """diffusers' decoder does not number the clamp"""
    half, _, number, rest = name.split(".", 3)
    return f"{half}.{int(number) + (half == 'decoder')}.{rest}", "whole"


def body(name):
    return name if name.startswith(("text_model.", "text_projection")) else f"text_model.{name}"


def original_open_clip(name, config):
    name = body(name).removeprefix("text_model.")
    if name == "text_projection.weight":
        return "text_projection", "transposed"
    if name == "embeddings.position_embedding.weight":
        return "positional_embedding", "whole"
    name = name.replace("embeddings.token_embedding", "token_embedding").replace("final_layer_norm", "ln_final")
    if match := re.fullmatch(r"encoder\.layers\.(\d+)\.self_attn\.([qkv])_proj\.(weight|bias)", name):
        part = "qkv".index(match[2])
        return f"transformer.resblocks.{match[1]}.attn.in_proj_{match[3]}", f"third {part}"
    for ours, original in {
        "encoder.layers": "transformer.resblocks",
        "layer_norm": "ln_",
        "self_attn.out_proj": "attn.out_proj",
        "mlp.fc1": "mlp.c_fc",
        "mlp.fc2": "mlp.c_proj",
    }.items():
        name = name.replace(ours, original)
    return name, "whole"


def same(name, config):
    return name, "whole"


def stored(view, tensor):
    """as the file holds it, but for thirds"""
    if view == "transposed":
        return tensor.T.contiguous()
    return tensor[:, :, None, None] if view == "matrix" else tensor


def read_back(component, checkpoint, network, config, prefix, names):
    """what diffusers' own converter makes of the file"""
    if names is original_unet and component == "unet":
        renamed = {f"{theirs.LDM_UNET_KEY}{key.removeprefix(prefix)}": value for key, value in checkpoint.items()}
        return theirs.convert_ldm_unet_checkpoint(renamed, dict(network.config))
    if names is original_unet:
        return theirs.convert_controlnet_checkpoint(checkpoint, dict(network.config))
    if names is original_vae:
        return theirs.convert_ldm_vae_checkpoint(checkpoint, dict(network.config))
    if names is original_open_clip:
        return theirs.convert_open_clip_checkpoint(network, checkpoint, prefix=prefix)
    if component.startswith("text_encoder"):
        return {body(key): value for key, value in theirs.convert_ldm_clip_checkpoint(checkpoint).items()}
    return None


def component(name, make, config, names, prefix, extra=()):
    """the entry of a component, and what else lies with it in the file"""
    with torch.device("meta"):
        shapes = {key: list(tensor.shape) for key, tensor in make(config).state_dict().items()}
    torch.manual_seed(1)
    network = make(small(config))
    state = {key: torch.randn_like(tensor) for key, tensor in network.state_dict().items()}
    checkpoint, entries, thirds = {}, [], {}
    for key, tensor in state.items():
        original, view = names(key, config)
        original = prefix + original
        whole = shapes[key]
        if view.startswith("third"):
            thirds.setdefault(original, {})[int(view[-1])] = tensor
            entries.append([body(key), original, view, [3 * whole[0], *whole[1:]], [3 * tensor.shape[0], *tensor.shape[1:]]])
            continue
        tensor = stored(view, tensor)
        whole = whole[::-1] if view == "transposed" else whole + [1, 1] if view == "matrix" else whole
        checkpoint[original] = tensor
        ours = body(key) if name.startswith("text_encoder") else key
        entries.append([ours, original, view, whole, list(tensor.shape)])
    for original, parts in thirds.items():
        checkpoint[original] = torch.cat([parts[0], parts[1], parts[2]])
    found = read_back(name, checkpoint, network, config, prefix, names)
    if found is not None:
        for key, tensor in state.items():
            key_there = key if key in found else body(key)
            assert torch.equal(found[key_there], tensor), f"{name}: {key}"
    checked = "diffusers reads the same" if found is not None else "diffusers' own names"
    print(f"  {name:15} {len(entries):5} tensors, {checked}")
    published = text_config(config) if name.startswith("text_encoder") else config
    entry = {"config": published, "small": small(published), "tensors": entries}
    return name, entry, [[prefix + key, whole, little] for key, whole, little in extra]


def save(family, *components, others=()):
    print(family)
    parts = [component(*each) for each in components]
    document = {
        "components": {name: entry for name, entry, _ in parts},
        "others": [*others, *(each for _, _, extra in parts for each in extra)],
    }
    TARGET.mkdir(parents=True, exist_ok=True)
    text = json.dumps(document, separators=(",", ":")).encode()
    (TARGET / f"{family}.json.gz").write_bytes(gzip.compress(text, 9, mtime=0))


def last_layer(config):
    """what Stable Diffusion 2 holds and does not use: the last layer, and what follows it"""
    network = f"encoder.layers.{config['num_hidden_layers']}"
    width, wide = config["hidden_size"], config["intermediate_size"]
    shapes = {
        "ln_1.weight": [width],
        "ln_1.bias": [width],
        "ln_2.weight": [width],
        "ln_2.bias": [width],
        "attn.in_proj_weight": [3 * width, width],
        "attn.in_proj_bias": [3 * width],
        "attn.out_proj.weight": [width, width],
        "attn.out_proj.bias": [width],
        "mlp.c_fc.weight": [wide, width],
        "mlp.c_fc.bias": [wide],
        "mlp.c_proj.weight": [width, wide],
        "mlp.c_proj.bias": [width],
    }
    at = network.replace("encoder.layers", "transformer.resblocks")
    extra = {f"{at}.{key}": shape for key, shape in shapes.items()} | {"text_projection": [width, width], "logit_scale": []}
    tiny = {1024: 32, 4096: 64, 3072: 96}
    return [[key, shape, [tiny[extent] for extent in shape]] for key, shape in extra.items()]


UNET = lambda config: UNet2DConditionModel(**config)  # noqa: E731
CONTROL = lambda config: ControlNetModel(**config)  # noqa: E731
POSITIONS = [["text_model.embeddings.position_ids", [1, 77], [1, 77]]]
PICTURE, FIRST = "model.diffusion_model.", "first_stage_model."


def unet(config):
    return ("unet", UNET, config, original_unet, PICTURE)


def vae():
    return ("vae", kl, VAE, original_vae, FIRST)


def clip_l(prefix="cond_stage_model.transformer."):
    return ("text_encoder", text(CLIPTextModel), CLIP_L, same_body, prefix, POSITIONS)


def same_body(name, config):
    return body(name), "whole"


def clip_g(prefix):
    extra = [["logit_scale", [], []]]
    return ("text_encoder_2", text(CLIPTextModelWithProjection), CLIP_G, original_open_clip, prefix, extra)


def control(config):
    drop = ("up_block_types", "mid_block_type", "out_channels")
    return {key: value for key, value in config.items() if key not in drop} | {
        "conditioning_embedding_out_channels": [16, 32, 96, 256]
    }


def main():
    schedule = [["alphas_cumprod", [1000], [1000]], ["betas", [1000], [1000]]]
    average = [["model_ema.diffusion_modelinput_blocks00weight", [320, 4, 3, 3], [32, 4, 3, 3]]]
    save("sd1", unet(SD1), vae(), clip_l(), others=schedule + average)
    save("sd1-inpaint", unet(SD1 | {"in_channels": 9}), vae(), clip_l())
    save("sd1-pix2pix", unet(SD1 | {"in_channels": 8}), vae(), clip_l())
    save("sd1-lcm", ("unet", UNET, SD1 | {"time_cond_proj_dim": 256}, same, ""))
    save("bk-sdm-base", unet(BK_BASE), vae(), clip_l())
    save("bk-sdm-small", unet(BK_BASE | {"mid_block_type": None}), vae(), clip_l())
    save("bk-sdm-tiny", unet(BK_TINY), vae(), clip_l())
    clip_h = ("text_encoder", text(CLIPTextModel), CLIP_H, original_open_clip, "cond_stage_model.model.", last_layer(CLIP_H))
    save("sd2", unet(SD2), vae(), clip_h, others=schedule)
    save("sdxs", ("unet", UNET, SDXS, same, ""))
    xl_texts = (clip_l("conditioner.embedders.0.transformer."), clip_g("conditioner.embedders.1.model."))
    for family, config in {"sdxl": XL, "sdxl-inpaint": XL | {"in_channels": 9}, "ssd-1b": SSD1B, "segmind-vega": VEGA}.items():
        save(family, unet(config), vae(), *xl_texts)
    save("sdxl-refiner", unet(REFINER), vae(), clip_g("conditioner.embedders.0.model."))
    save("sdxl-unet", ("unet", UNET, XL, same, ""))
    save("vae", ("vae", kl, VAE, original_vae, ""))
    save("vae-diffusers", ("vae", kl, VAE, same, ""))
    save("taesd", ("vae", tiny, {}, original_taesd, ""))
    save("taesd-diffusers", ("vae", tiny, {}, same, ""))
    save("control-sd1", ("controlnet", CONTROL, control(SD1), original_unet, "control_model."))
    save("control-sd2", ("controlnet", CONTROL, control(SD2), original_unet, ""))
    save("control-sdxl", ("controlnet", CONTROL, control(XL), same, ""))
    save("clip-g", ("text_encoder_2", text(CLIPTextModelWithProjection), CLIP_G, original_open_clip, ""))


if __name__ == "__main__":
    main()
