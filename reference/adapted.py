"""Tiny models of Stable Diffusion 1 and XL that paint with a LoRA and a learned word, by their pipelines of diffusers.

    python reference/adapted.py

writes below crates/chatsd-diffusion/tests/goldens/adapted/:

    FAMILY-lora.safetensors     a LoRA of all its networks, as sd-scripts names it
    FAMILY-word.safetensors     a learned word of two vectors (of Stable Diffusion XL: a pair)
    sd1-word.pt, sd1-word.bin   the same as stable-diffusion-webui and diffusers save it with PyTorch
    FAMILY.safetensors          "lora", "word", "both": the latents after 4 steps

The models, the picture's size and the starting noise are those of families.py.
"""

import math
import re
from pathlib import Path

import diffusers
import torch
from families import HEIGHT, SEED, STEPS, WIDTH, families
from safetensors.torch import save_file

OUT = Path(__file__).parents[1] / "crates/chatsd-diffusion/tests/goldens/adapted"
PROMPT, NEGATIVE = "a red fox, {} smile", "{}, blue"
WEIGHTS = {"unet": 0.8, "text_encoder": 0.5, "text_encoder_2": 0.5}
LAYERS = r".*(mid_block.*(to_q|to_k|net\.0\.proj)|up_blocks\.\d\.attentions\.0\.proj_in|layers\.[13]\.(self_attn\.(v_proj|out_proj)|mlp\.fc1))"
PREFIXES = {"unet": "lora_unet_", "text_encoder": "lora_te_", "text_encoder_2": "lora_te2_"}


def lora(pipeline):
    torch.manual_seed(3)
    state = {}
    for component, prefix in PREFIXES.items():
        network = getattr(pipeline, component, None)
        if network is None:
            continue
        if component == "text_encoder" and hasattr(pipeline, "text_encoder_2"):
            prefix = "lora_te1_"
        for name, module in network.named_modules():
            if not re.fullmatch(LAYERS, name):
                continue
            name = name if component == "unet" or name.startswith("text_model") else f"text_model.{name}"
            shape = module.weight.shape
            key = prefix + name.replace(".", "_")
            state[f"{key}.lora_down.weight"] = torch.randn(2, *shape[1:]).half()
            state[f"{key}.lora_up.weight"] = torch.randn(shape[0], 2, *[1] * (len(shape) - 2)).half()
            state[f"{key}.alpha"] = torch.tensor(1.0).half()
    return state


def pipeline_of(name):
    kind, texts, network, vae, steps, _ = families()[name]
    more = {} if "text_encoder_2" in texts else {"safety_checker": None, "feature_extractor": None, "requires_safety_checker": False}
    pipeline = getattr(diffusers, kind)(**texts, unet=network, vae=vae, scheduler=steps, **more)
    pipeline.set_progress_bar_config(disable=True)
    for encoder in (texts.get("text_encoder"), texts.get("text_encoder_2")):
        # families.py's help for clip skip; it hides the layers' names from those who load adapters.
        if encoder is not None:
            encoder.__dict__.pop("text_model", None)
    return pipeline


@torch.no_grad()
def latents(pipeline, word):
    noise = torch.randn(1, 4, HEIGHT // 2, WIDTH // 2, generator=torch.Generator().manual_seed(SEED))
    pipeline.scheduler.set_timesteps(STEPS)
    sigma = float(pipeline.scheduler.sigmas[0])
    noise *= math.sqrt(1 + sigma**2) / float(pipeline.scheduler.init_noise_sigma)
    return pipeline(
        PROMPT.format(word), negative_prompt=NEGATIVE.format(word), num_inference_steps=STEPS, guidance_scale=5.0,
        height=HEIGHT, width=WIDTH, latents=noise, output_type="latent",
    ).images


def learn(pipeline, name, words):
    if name == "sd1":
        for ending in ("safetensors", "pt", "bin"):
            # All three are read as the same.
            fresh = pipeline_of(name)
            fresh.load_textual_inversion(str(OUT / f"sd1-word.{ending}"), token="lynx-7")
            assert torch.equal(fresh.text_encoder.get_input_embeddings().weight[-2:], words["emb_params"].float())
        pipeline.load_textual_inversion(str(OUT / "sd1-word.safetensors"), token="lynx-7")
    else:
        for key, place in (("clip_l", ""), ("clip_g", "_2")):
            pipeline.load_textual_inversion(
                words[key], token="lynx-7", text_encoder=getattr(pipeline, f"text_encoder{place}"),
                tokenizer=getattr(pipeline, f"tokenizer{place}"),
            )


def main():
    OUT.mkdir(parents=True, exist_ok=True)
    for name in ("sd1", "sdxl"):
        pipeline = pipeline_of(name)
        state = lora(pipeline)
        save_file(state, OUT / f"{name}-lora.safetensors", {"ss_tag_frequency": '{"1_fox": {"red fox": 7, "smile": 9}}'})
        torch.manual_seed(5)
        vectors = lambda: (torch.randn(2, 16) * 0.8).half()
        words = {"emb_params": vectors()} if name == "sd1" else {"clip_g": vectors(), "clip_l": vectors()}
        save_file(words, OUT / f"{name}-word.safetensors")
        if name == "sd1":
            old = {"string_to_token": {"*": 265}, "string_to_param": {"*": words["emb_params"]}, "name": "lynx", "step": 99}
            torch.save(old, OUT / "sd1-word.pt")
            torch.save({"<lynx>": words["emb_params"]}, OUT / "sd1-word.bin")
        scales = {key: value for key, value in WEIGHTS.items() if hasattr(pipeline, key)}
        pipeline.load_lora_weights(str(OUT / f"{name}-lora.safetensors"), adapter_name="fox")
        pipeline.set_adapters(["fox"], adapter_weights=[scales])
        made = {"lora": latents(pipeline, "wolf")}
        pipeline.unload_lora_weights()
        made["base"] = latents(pipeline, "wolf")
        learn(pipeline, name, words)
        made["word"] = latents(pipeline, "lynx-7")
        pipeline = pipeline_of(name)
        learn(pipeline, name, words)
        pipeline.load_lora_weights(str(OUT / f"{name}-lora.safetensors"), adapter_name="fox")
        pipeline.set_adapters(["fox"], adapter_weights=[scales])
        made["both"] = latents(pipeline, "lynx-7")
        save_file({key: value.contiguous() for key, value in made.items()}, OUT / f"{name}.safetensors")
        for key, value in made.items():
            print(f"{name} {key}: deviation {value.std():.3f}, from the base {(value - made['base']).abs().max():.3f}")


if __name__ == "__main__":
    main()
