"""Golden walks of the samplers, and a tiny Stable Diffusion to paint with, by the diffusers library.

    python reference/sampling.py

writes below crates/chatsd-diffusion/tests/goldens/sampling/:

walks.safetensors: for each walk `NAME.sigmas` (n + 1, as sigma = noise / signal, the last one 0), `NAME.noise`
(n x latent: what the scheduler draws), `NAME.x` ((n + 1) x latent: the start, and what each step returns). Latents are
1 x 4 x 4 x 3 (NCHW) and divided by the signal's factor, so that they are x0 + sigma * noise. The network is `network`
below; `prediction.NAME` of the walk says how it is meant. `schedule.NAME` are sigmas of whole schedules.

tiny/, tiny-xl/: a Stable Diffusion 1 and an XL of 16-pixel pictures with random weights, and tiny.safetensors and
tiny-xl.safetensors: of PROMPT and NEGATIVE the latents after each of STEPS steps, and the decoded picture, 0 to 1.
"""

import json
import shutil
from pathlib import Path

import numpy as np
import torch
from diffusers import (
    AutoencoderKL, DDIMScheduler, DPMSolverMultistepScheduler, EulerAncestralDiscreteScheduler, EulerDiscreteScheduler,
    FlowMatchEulerDiscreteScheduler, HeunDiscreteScheduler, LCMScheduler,
    StableDiffusionPipeline, StableDiffusionXLPipeline, UNet2DConditionModel, UniPCMultistepScheduler,
)
from safetensors.torch import save_file
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection, CLIPTokenizer

OUT = Path(__file__).parents[1] / "crates/chatsd-diffusion/tests/goldens/sampling"
SHAPE, WALK_STEPS = (1, 4, 4, 3), 10
BETAS = {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear", "num_train_timesteps": 1000}
PROMPT, NEGATIVE, STEPS, GUIDANCE, SEED = "a red fox, smile", "blurry", 4, 5.0, 7


def network(z, time):
    """Any smooth function of input and time."""
    return torch.tanh(1.3 * z + time / 1000) * 0.8 + 0.1 * torch.cos(3 * z)


def ratio(scheduler, sigma):
    """noise / signal, and the signal's factor, of a scheduler's own sigma"""
    sigma = float(sigma)
    if scheduler.config.get("use_flow_sigmas") or "FlowMatch" in type(scheduler).__name__:
        return sigma / (1 - sigma), 1 - sigma
    return sigma, 1 / (1 + sigma**2) ** 0.5


def walk(scheduler, wanted, state="scaled", **options):
    """Runs a scheduler; `state` says whether its latents are scaled or x0 + sigma * noise already."""
    scheduler.set_timesteps(**options) if options else scheduler.set_timesteps(WALK_STEPS)
    if hasattr(scheduler, "sigmas") and len(scheduler.sigmas) < 100:
        pairs = [ratio(scheduler, sigma) for sigma in scheduler.sigmas]
    else:  # DDIM and LCM keep time steps alone
        alphas = [float(scheduler.alphas_cumprod[t]) for t in scheduler.timesteps] + [1.0]
        pairs = [(((1 - a) / a) ** 0.5, a**0.5) for a in alphas]
    if isinstance(scheduler, HeunDiscreteScheduler):
        pairs = [pairs[0], *pairs[1:-1:2], pairs[-1]]  # each but the ends stands there twice
    factor = lambda index: 1.0 if state == "bare" else pairs[index][1]
    start = torch.randn(SHAPE, generator=torch.Generator().manual_seed(3), dtype=torch.float64) * pairs[0][0]
    draw, twin = torch.Generator().manual_seed(5), torch.Generator().manual_seed(5)
    latents, kept, step = start * factor(0), [start], 0
    passes = 2 if "Heun" in type(scheduler).__name__ else 1
    for index, time in enumerate(scheduler.timesteps):
        if hasattr(scheduler, "scale_model_input"):
            z = scheduler.scale_model_input(latents, time)
        else:
            z = latents
        if "flow" in wanted:  # some schedulers cut it off to whole numbers
            time_told = 1000 * pairs[index][0] / (1 + pairs[index][0])
        else:
            time_told = float(time)
        takes = "generator" in scheduler.step.__code__.co_varnames
        arguments = {"generator": draw} if takes else {}
        latents = scheduler.step(network(z, time_told), time, latents, **arguments).prev_sample
        if passes == 1 or index % 2 == 1 or index == len(scheduler.timesteps) - 1:
            step += 1
            kept.append(latents / factor(step))
    precision = torch.float32 if isinstance(scheduler, DPMSolverMultistepScheduler) else torch.float64
    noise = [torch.randn(SHAPE, generator=twin, dtype=precision) for _ in range(step)]
    stack = lambda tensors: torch.cat(tensors).float().contiguous()
    return {
        f"{wanted}.sigmas": torch.tensor([pair[0] for pair in pairs], dtype=torch.float64).float(),
        f"{wanted}.noise": stack(noise),
        f"{wanted}.x": stack(kept),
    }


def walks():
    trailing = BETAS | {"timestep_spacing": "trailing"}
    flow = {"use_flow_sigmas": True, "prediction_type": "flow_prediction", "flow_shift": 2.0}
    times = np.linspace(0.99, 0, 9)[:-1].tolist()  # t = 1 has no finite sigma
    dpm = {"algorithm_type": "dpmsolver++", "solver_type": "midpoint", "final_sigmas_type": "zero"}
    sde = dpm | {"algorithm_type": "sde-dpmsolver++"}
    ddim = {"set_alpha_to_one": True, "clip_sample": False}
    goldens = {}
    goldens |= walk(EulerDiscreteScheduler(**trailing), "euler.epsilon", "bare")
    goldens |= walk(EulerDiscreteScheduler(**trailing, prediction_type="v_prediction"), "euler.v", "bare")
    goldens |= walk(EulerAncestralDiscreteScheduler(**trailing), "euler a.epsilon", "bare")
    goldens |= walk(HeunDiscreteScheduler(**trailing), "heun.epsilon", "bare")
    goldens |= walk(DPMSolverMultistepScheduler(**trailing, **dpm), "dpm++ 2m.epsilon")
    goldens |= walk(DPMSolverMultistepScheduler(**trailing, **dpm, prediction_type="sample"), "dpm++ 2m.sample")
    goldens |= walk(DPMSolverMultistepScheduler(**trailing, **sde), "dpm++ 2m sde.epsilon")
    goldens |= walk(DDIMScheduler(**trailing, **ddim), "ddim.epsilon")
    goldens |= walk(LCMScheduler(**BETAS, clip_sample=False), "lcm.epsilon")
    goldens |= walk(UniPCMultistepScheduler(**trailing), "unipc.epsilon")
    goldens |= walk(UniPCMultistepScheduler(**trailing, prediction_type="v_prediction"), "unipc.v")
    goldens |= walk(FlowMatchEulerDiscreteScheduler(shift=2.0), "euler.flow", sigmas=times)
    goldens |= walk(DPMSolverMultistepScheduler(**dpm, **flow), "dpm++ 2m.flow")
    goldens |= walk(DPMSolverMultistepScheduler(**sde, **flow), "dpm++ 2m sde.flow")
    goldens |= walk(UniPCMultistepScheduler(**flow), "unipc.flow")
    return goldens


def schedules():
    goldens = {}
    for name, options in {
        "karras": {"timestep_spacing": "linspace", "use_karras_sigmas": True},
        "exponential": {"timestep_spacing": "linspace", "use_exponential_sigmas": True},
        "trailing": {"timestep_spacing": "trailing"},
        "leading": {"timestep_spacing": "leading", "steps_offset": 1},
        "linspace": {"timestep_spacing": "linspace"},
    }.items():
        for steps in (3, 7, 20):
            scheduler = EulerDiscreteScheduler(**BETAS, **options)
            scheduler.set_timesteps(steps)
            goldens[f"schedule.{name}.{steps}"] = scheduler.sigmas.clone()
            goldens[f"time.{name}.{steps}"] = scheduler.timesteps.float()
    return goldens


def shaken(*models):
    """In evaluation, in numbers that f16 holds, and away from zero, so that a mistake shows."""
    for model in models:
        with torch.no_grad():
            for value in model.parameters():
                if value.ndim > 1:
                    value.mul_(1.5)
        model.half().float().eval()


def text_encoder(kind, count):
    return kind(CLIPTextConfig(
        vocab_size=count, hidden_size=8, intermediate_size=16, num_hidden_layers=2, num_attention_heads=2,
        bos_token_id=count - 2, eos_token_id=count - 1, projection_dim=8, hidden_act="quick_gelu",
    ))


def tiny(name, pipeline_class, unet_options):
    """A pipeline whose tokenizer knows single characters alone, and what it paints."""
    torch.manual_seed(1)
    characters = byte_characters()
    tokens = [*characters, *(c + "</w>" for c in characters), "<|startoftext|>", "<|endoftext|>"]
    folder = OUT / name
    shutil.rmtree(folder, ignore_errors=True)
    numbers = {token: number for number, token in enumerate(tokens)}
    tokenizer = lambda **pad: CLIPTokenizer(vocab=numbers, merges=[], model_max_length=77, **pad)
    unet = UNet2DConditionModel(
        sample_size=8, block_out_channels=(8, 8), layers_per_block=1, norm_num_groups=4, attention_head_dim=2,
        down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"), up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"),
        **unet_options,
    )
    vae = AutoencoderKL(
        block_out_channels=(8, 8), down_block_types=("DownEncoderBlock2D",) * 2,
        up_block_types=("UpDecoderBlock2D",) * 2, norm_num_groups=4, sample_size=16,
    )
    parts = {"text_encoder": text_encoder(CLIPTextModel, len(tokens)), "tokenizer": tokenizer()}
    if pipeline_class is StableDiffusionPipeline:
        parts |= {"safety_checker": None, "feature_extractor": None, "requires_safety_checker": False}
    else:
        second = text_encoder(CLIPTextModelWithProjection, len(tokens))
        shaken(second)
        parts |= {"text_encoder_2": second, "tokenizer_2": tokenizer(pad_token="!"), "add_watermarker": False}
    shaken(parts["text_encoder"], unet, vae)
    scheduler = EulerDiscreteScheduler(**BETAS, timestep_spacing="leading", steps_offset=1)
    pipeline = pipeline_class(vae=vae, unet=unet, scheduler=scheduler, **parts)
    latents = []
    result = pipeline(
        PROMPT, negative_prompt=NEGATIVE, num_inference_steps=STEPS, guidance_scale=GUIDANCE,
        generator=torch.Generator().manual_seed(SEED), output_type="pt", height=16, width=16,
        callback_on_step_end=lambda _, step, time, values: latents.append(values["latents"].clone()) or values,
    )
    goldens = {"latents": torch.cat(latents), "picture": result.images[0]}
    save_file({key: value.float().contiguous() for key, value in goldens.items()}, OUT / f"{name}.safetensors")
    pipeline.to(torch.float16).save_pretrained(folder)
    for extra in folder.glob("tokenizer*"):
        shutil.rmtree(extra)
    (folder / "tokenizer").mkdir()
    (folder / "tokenizer/vocab.json").write_text(json.dumps(numbers))
    (folder / "tokenizer/merges.txt").write_text("#version: 0.2\n")


def main():
    OUT.mkdir(parents=True, exist_ok=True)
    save_file(walks() | schedules(), OUT / "walks.safetensors")
    tiny("tiny", StableDiffusionPipeline, {"cross_attention_dim": 8})
    tiny("tiny-xl", StableDiffusionXLPipeline, {
        "cross_attention_dim": 16, "addition_embed_type": "text_time", "addition_time_embed_dim": 4,
        "projection_class_embeddings_input_dim": 8 + 6 * 4, "use_linear_projection": True,
    })


def byte_characters():
    """GPT-2's printable stand-in for each byte"""
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    rest = [byte for byte in range(256) if byte not in plain]
    return [chr(byte) for byte in plain] + [chr(256 + index) for index in range(len(rest))]


if __name__ == "__main__":
    main()
