"""Golden adapters and what they make of a small picture network and a small text encoder.

    python reference/adapters.py        # needs peft and lycoris-lora beside what networks.py needs

writes into crates/chatsd-diffusion/tests/goldens/adapters/:

    NAME.safetensors, NAME/     adapters as LyCORIS, PEFT, diffusers and sd-scripts name them, f16
    outputs.safetensors         "in.*" what the networks are given, "out.NAME" what they make with each adapter,
                                "out.text.NAME" likewise of the text encoder; metadata as in networks.py

The networks' weights are not stored: see networks.py. Every result is that of the library the adapter's form comes
from: LyCORIS for its own, PEFT for its own, diffusers (`load_lora_weights`) for kohya-ss' and its own.
"""

import json
import re
import shutil
from pathlib import Path

import torch
from diffusers import StableDiffusionPipeline, UNet2DConditionModel
from lycoris import LycorisNetwork, create_lycoris
from networks import fill, given
from peft import LoHaConfig, LoKrConfig, LoraConfig, OFTConfig, get_peft_model
from safetensors.torch import load_file, save_file
from transformers import CLIPTextConfig, CLIPTextModel

TARGET = Path(__file__).parents[1] / "crates/chatsd-diffusion/tests/goldens/adapters"
UNET = {
    "in_channels": 4,
    "out_channels": 4,
    "block_out_channels": [32, 64],
    "down_block_types": ["CrossAttnDownBlock2D", "DownBlock2D"],
    "up_block_types": ["UpBlock2D", "CrossAttnUpBlock2D"],
    "layers_per_block": 1,
    "norm_num_groups": 8,
    "cross_attention_dim": 24,
    "attention_head_dim": 4,
}
TEXT = {
    "vocab_size": 64,
    "hidden_size": 32,
    "intermediate_size": 80,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "max_position_embeddings": 20,
    "bos_token_id": 62,
    "eos_token_id": 63,
    "pad_token_id": 63,
}
TOKENS = [62, 5, 40, 17, 5, 61, 63, 63]
# One layer of each kind.
LAYERS = (
    r"conv_in|mid_block\.resnets\.1\.(conv1|time_emb_proj)|down_blocks\.1\.resnets\.0\.conv_shortcut"
    r"|mid_block\.attentions\.0\.(proj_in|transformer_blocks\.0\.(attn1\.to_q|attn1\.to_v|attn2\.to_k|attn2\.to_out\.0"
    r"|ff\.net\.0\.proj|ff\.net\.2))|down_blocks\.0\.downsamplers\.0\.conv|up_blocks\.0\.upsamplers\.0\.conv"
)
# What is changed in full: small.
FULL = r"conv_in|conv_norm_out|mid_block\.resnets\.1\.norm1|mid_block\.attentions\.0\.transformer_blocks\.0\.(norm2|attn1\.to_q)"
TEXT_LAYERS = r"text_model\.encoder\.layers\.\d\.(self_attn\.(q_proj|out_proj)|mlp\.fc1)|.*layers\.1\.mlp\.fc2"


def unet():
    return fill(UNet2DConditionModel(**UNET))


def sample(network):
    z, states = given("z", 1, 4, 8, 8), given("states", 1, 7, UNET["cross_attention_dim"])
    with torch.no_grad():
        return network(z, torch.tensor(437.0), states).sample


def states(encoder):
    with torch.no_grad():
        return encoder(torch.tensor([TOKENS])).last_hidden_state


def stir(parameters):
    """random values that f16 holds; lengths (DoRA) stay near what they are"""
    torch.manual_seed(7)
    for name, parameter in parameters:
        if "magnitude" in name or "dora_scale" in name:
            values = parameter.data * (1 + 0.3 * torch.rand_like(parameter.data))
        elif "alpha" in name or "scalar" in name:
            continue
        else:
            rank = min(4, max(parameter.shape[0], 1))
            values = torch.randn_like(parameter.data) * 0.4 / rank**0.5
        parameter.data = values.half().float()


def keep(name, state, **metadata):
    path = TARGET / f"{name}.safetensors"
    path.parent.mkdir(parents=True, exist_ok=True)
    state = {key: value.detach().half().contiguous() for key, value in state.items()}
    save_file(state, path, {key: str(value) for key, value in metadata.items()})
    print(f"{name:28} {path.stat().st_size:7} bytes, {len(state)} tensors")
    return path


def lycoris(name, algo, rename=lambda key: key, multiplier=1.0, **options):
    network = unet()
    modules = ["Conv2d", "Linear"] + (["GroupNorm", "LayerNorm"] if options.get("train_norm") else [])
    LycorisNetwork.apply_preset({"target_module": modules, "target_name": [], "unet_target_module": modules})
    wrapped = create_lycoris(network, multiplier, linear_dim=4, linear_alpha=2, conv_dim=4, conv_alpha=2, algo=algo, **options)
    # Everything was wrapped; only the chosen layers are kept.
    flat = {layer.replace(".", "_"): layer for layer, _ in network.named_modules()}
    chosen = FULL if algo == "full" else LAYERS
    wrapped.loras = [lora for lora in wrapped.loras if re.fullmatch(chosen, flat[lora.lora_name.removeprefix("lycoris_")])]
    stir((key, value) for lora in wrapped.loras for key, value in lora.named_parameters())
    wrapped.apply_to()
    state = {}
    for lora in wrapped.loras:
        for key, value in lora.state_dict().items():
            state[f"{lora.lora_name}.{key}"] = value
    state = {key: value for key, value in state.items() if not key.endswith(".scalar")}
    keep(name, {rename(key.replace("lycoris_", "lora_unet_")): value for key, value in state.items()}, ss_network_module="lycoris.kohya")
    return sample(network)


def original_names(key):
    """the names of the original network for the layers chosen, as adapters of Stable Diffusion XL have them"""
    for ours, theirs in [
        ("mid_block_resnets_1", "middle_block_2"),
        ("mid_block_attentions_0", "middle_block_1"),
        ("down_blocks_0_downsamplers_0_conv", "input_blocks_2_0_op"),
        ("down_blocks_1_resnets_0", "input_blocks_3_0"),
        ("up_blocks_0_upsamplers_0_conv", "output_blocks_1_1_conv"),
        ("unet_conv_in", "unet_input_blocks_0_0"),
        ("_conv1.", "_in_layers_2."),
        ("_time_emb_proj.", "_emb_layers_1."),
        ("_conv_shortcut.", "_skip_connection."),
    ]:
        key = key.replace(ours, theirs)
    return key


def peft(name, config):
    network = get_peft_model(unet(), config)
    stir((key, value) for key, value in network.named_parameters() if value.requires_grad)
    folder = TARGET / name
    network.save_pretrained(folder)
    (folder / "README.md").unlink(missing_ok=True)
    settings = json.loads((folder / "adapter_config.json").read_text())
    settings = {key: value for key, value in settings.items() if key != "base_model_name_or_path" and value is not None}
    (folder / "adapter_config.json").write_text(json.dumps(settings, indent=1, sort_keys=True) + "\n")
    keep(f"{name}/adapter_model", load_file(folder / "adapter_model.safetensors"))
    return sample(network.merge_and_unload())


def pipeline():
    encoder = fill(CLIPTextModel(CLIPTextConfig(**TEXT)))
    return StableDiffusionPipeline(
        vae=None, text_encoder=encoder, tokenizer=None, unet=unet(), scheduler=None, safety_checker=None,
        feature_extractor=None, requires_safety_checker=False,
    )


def low_rank(layer, module, down_name, up_name, rank=4):
    torch.manual_seed(len(layer))
    shape = module.weight.shape
    down = torch.randn(rank, *shape[1:]) * 0.3
    up = torch.randn(shape[0], rank, *[1] * (len(shape) - 2)) * 0.3
    return {f"{layer}{down_name}": down.half().float(), f"{layer}{up_name}": up.half().float()}


def diffusers(name, make, **metadata):
    """an adapter of both networks, loaded by diffusers"""
    pipe = pipeline()
    state = {}
    for layer, module in pipe.unet.named_modules():
        if re.fullmatch(LAYERS, layer):
            state |= make("unet", layer, module)
    for layer, module in pipe.text_encoder.named_modules():
        layer = layer if layer.startswith("text_model.") else f"text_model.{layer}"
        if re.fullmatch(TEXT_LAYERS, layer):
            state |= make("text_encoder", layer, module)
    path = keep(name, state, **metadata)
    pipe.load_lora_weights(str(path))
    return sample(pipe.unet), states(pipe.text_encoder)


def kohya(network, layer, module):
    prefix = {"unet": "lora_unet_", "text_encoder": "lora_te_"}[network] + layer.replace(".", "_")
    return low_rank(prefix, module, ".lora_down.weight", ".lora_up.weight") | {f"{prefix}.alpha": torch.tensor(3.0)}


def new_diffusers(network, layer, module):
    return low_rank(f"{network}.{layer}", module, ".lora_A.weight", ".lora_B.weight")


def old_diffusers(network, layer, module):
    if "attn" not in layer:
        return {}
    names = {"q_proj": "to_q", "out_proj": "to_out", "to_out.0": "to_out"}
    head, last = (layer[: -len(".to_out.0")], "to_out.0") if layer.endswith(".to_out.0") else layer.rsplit(".", 1)
    processor = ".processor" if network == "unet" else ""
    place = f"{network}.{head}{processor}.{names.get(last, last)}_lora"
    return low_rank(place, module, ".down.weight", ".up.weight")


def main():
    shutil.rmtree(TARGET, ignore_errors=True)
    TARGET.mkdir(parents=True)
    tensors = {
        "in.z": given("z", 1, 4, 8, 8),
        "in.states": given("states", 1, 7, UNET["cross_attention_dim"]),
        "in.tokens": torch.tensor(TOKENS).float(),
        "out.base": sample(unet()),
    }
    out = lambda name: f"out.{name}"
    tensors[out("lycoris-locon")] = lycoris("lycoris-locon", "locon", rename=original_names, use_tucker=True)
    tensors[out("lycoris-dora")] = lycoris("lycoris-dora", "locon", dora_wd=True, wd_on_output=True)
    tensors[out("lycoris-dora-inputs")] = lycoris("lycoris-dora-inputs", "locon", dora_wd=True, wd_on_output=False)
    tensors[out("lycoris-loha")] = lycoris("lycoris-loha", "loha", multiplier=0.7, use_tucker=True)
    tensors[out("lycoris-lokr")] = lycoris("lycoris-lokr", "lokr", use_tucker=True, factor=4, decompose_both=True)
    tensors[out("lycoris-oft")] = lycoris("lycoris-oft", "diag-oft", constraint=2**-10, rescaled=True)
    tensors[out("lycoris-full")] = lycoris("lycoris-full", "full", train_norm=True)

    common = {"target_modules": LAYERS, "r": 4}
    tensors[out("peft-lora")] = peft(
        "peft-lora", LoraConfig(**common, lora_alpha=6, use_rslora=True, alpha_pattern={"attn1.to_q": 3}, rank_pattern={"ff.net.2": 2})
    )
    tensors[out("peft-dora")] = peft("peft-dora", LoraConfig(**common, lora_alpha=4, use_dora=True))
    tensors[out("peft-loha")] = peft("peft-loha", LoHaConfig(**common, alpha=8, use_effective_conv2d=True))
    tensors[out("peft-lokr")] = peft("peft-lokr", LoKrConfig(**common, alpha=8, decompose_both=True, decompose_factor=4))
    oft = {"target_modules": LAYERS, "oft_block_size": 4, "r": 0}
    tensors[out("peft-oft")] = peft("peft-oft", OFTConfig(**oft))
    tensors[out("peft-oft-exact")] = peft("peft-oft-exact", OFTConfig(**oft, use_cayley_neumann=False))

    for name, make in [("kohya", kohya), ("diffusers", new_diffusers), ("diffusers-old", old_diffusers)]:
        tensors[out(name)], tensors[out(f"text.{name}")] = diffusers(name, make)
    tensors["out.text.base"] = states(pipeline().text_encoder)

    encoder = pipeline().text_encoder
    shapes = {key: list(value.shape) for key, value in unet().state_dict().items()}
    text_shapes = {key: list(value.shape) for key, value in encoder.state_dict().items()}
    metadata = {
        "config": json.dumps(UNET), "shapes": json.dumps(shapes),
        "text.config": json.dumps(TEXT), "text.shapes": json.dumps(text_shapes),
    }
    save_file({key: value.float().contiguous() for key, value in tensors.items()}, TARGET / "outputs.safetensors", metadata)
    for key, value in tensors.items():
        if key.startswith("out."):
            base = tensors["out.text.base" if key.startswith("out.text") else "out.base"]
            print(f"{key:28} differs from the base by {(value - base).abs().max():.3f}, deviation {value.std():.3f}")


if __name__ == "__main__":
    main()
