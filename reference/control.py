"""Golden tensors of ControlNets and IP-Adapters, by diffusers and transformers.

    python reference/control.py

writes, in the form that `networks.py` describes, below crates/chatsd-diffusion/tests/goldens/networks/:

    control.safetensors        a ControlNet of the shape of unet-1: out.0 and so on are what it adds to some layers on the
                               way down and to the middle, out.sample what unet-1 makes of it at strength 0.7
    control-xl.safetensors     likewise of unet-xl, with one layer a block, without out.sample

and below tests/goldens/sampling/: tiny-control/, a ControlNet of the tiny Stable Diffusion that `sampling.py` makes, and
tiny-control.safetensors: `control`, a picture of bytes, and the latents after each step and the picture of that, followed
from a quarter to three quarters of the steps at strength 0.8.
"""

import json
import shutil
from pathlib import Path

import torch
from diffusers import ControlNetModel, StableDiffusionControlNetPipeline, StableDiffusionPipeline, UNet2DConditionModel
from networks import TARGET, fill, given, save
from safetensors import safe_open
from safetensors.torch import save_file
from sampling import GUIDANCE, NEGATIVE, OUT, PROMPT, SEED, STEPS, shaken
from transformers import CLIPTokenizer
import json


def golden_config(name):
    """The config of a golden network, and what it was given."""
    with safe_open(TARGET / f"{name}.safetensors", "pt") as file:
        return json.loads(file.metadata()["config"]), {key: file.get_tensor(key) for key in file.keys()}


def control(name, of):
    config, golden = golden_config(of)
    keys = [
        "block_out_channels", "down_block_types", "layers_per_block", "norm_num_groups", "cross_attention_dim",
        "attention_head_dim", "use_linear_projection", "transformer_layers_per_block", "addition_embed_type",
        "addition_time_embed_dim", "projection_class_embeddings_input_dim", "in_channels",
    ]
    changes = {key: config[key] for key in keys if config.get(key) is not None}
    if isinstance(changes["layers_per_block"], list):  # not known to ControlNets
        changes["layers_per_block"] = 1
    network = ControlNetModel(**changes | {"conditioning_embedding_out_channels": (8, 16)})
    network = fill(network)
    z, states, time = golden["in.z"], golden["in.states"], golden["in.time"][0]
    batch, _, height, width = z.shape
    picture = given("hint", batch, 3, 2 * height, 2 * width, scale=0.5) + 0.5
    more = {}
    if "in.pooled" in golden:
        times = golden["in.sizes"].reshape(1, -1).repeat(batch, 1) if golden["in.sizes"].ndim == 1 else golden["in.sizes"]
        more["added_cond_kwargs"] = {"text_embeds": golden["in.pooled"], "time_ids": times}
    down, middle = network(z, time, states, controlnet_cond=picture, return_dict=False, **more)
    found = [*down, middle]
    tensors = {key: golden[key] for key in golden if key.startswith("in.")} | {"in.hint": picture}
    tensors |= {f"out.{index}": found[index] for index in (0, len(found) // 2, len(found) - 1)}
    if not more:
        unet = fill(UNet2DConditionModel(**{key: value for key, value in config.items() if not key.startswith("_")}))
        tensors["out.sample"] = unet(
            z, time, states,
            down_block_additional_residuals=[0.7 * x for x in down], mid_block_additional_residual=0.7 * middle,
        ).sample
    save(name, network, dict(network.config), tensors)


def tiny():
    """The tiny Stable Diffusion that follows a picture."""
    torch.manual_seed(4)
    network = ControlNetModel(
        block_out_channels=(8, 8), layers_per_block=1, norm_num_groups=4, attention_head_dim=2, cross_attention_dim=8,
        down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"), conditioning_embedding_out_channels=(8, 8),
    )
    # Its outputs begin as zeros: nothing would be seen of it.
    for name, value in network.named_parameters():
        if value.abs().max() == 0:
            torch.nn.init.normal_(value, std=0.3)
    shaken(network)
    folder = OUT / "tiny"
    words = json.loads((folder / "tokenizer/vocab.json").read_text())
    parts = StableDiffusionPipeline.from_pretrained(
        folder, tokenizer=CLIPTokenizer(vocab=words, merges=[], model_max_length=77), safety_checker=None
    ).to(torch.float32).components
    pipeline = StableDiffusionControlNetPipeline(**parts | {"controlnet": network, "requires_safety_checker": False})
    picture = torch.randint(0, 256, (16, 16, 3), dtype=torch.uint8)
    latents = []
    result = pipeline(
        PROMPT, image=picture.permute(2, 0, 1)[None].float() / 255, negative_prompt=NEGATIVE, height=16, width=16,
        num_inference_steps=STEPS, guidance_scale=GUIDANCE, controlnet_conditioning_scale=0.8,
        control_guidance_start=0.25, control_guidance_end=0.75,
        generator=torch.Generator().manual_seed(SEED), output_type="pt",
        callback_on_step_end=lambda _, step, time, values: latents.append(values["latents"].clone()) or values,
    )
    goldens = {"control": picture, "latents": torch.cat(latents), "picture": result.images[0]}
    save_file({key: value.float().contiguous() for key, value in goldens.items()}, OUT / "tiny-control.safetensors")
    target = OUT / "tiny-control"
    shutil.rmtree(target, ignore_errors=True)
    network.half().save_pretrained(target)
    print("tiny-control", [path.name for path in target.rglob("*")])


@torch.no_grad()
def main():
    control("control", "unet-1")
    control("control-xl", "unet-xl")
    tiny()


if __name__ == "__main__":
    main()
