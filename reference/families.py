"""Every family of Stable Diffusion, tiny, painted by its own pipeline of the diffusers library.

    python reference/families.py

writes below crates/chatsd-diffusion/tests/goldens/families/:

parts.json: {PART: {"config": its config.json less what is the library's default, "shapes": a tree of names, whose leaves
are shapes of weights; one in another list has no bias}}. The weights are not stored: `weight` of networks.py makes each from COMPONENT.NAME and its place.

FAMILY.safetensors, with metadata "parts" {component: part}, "scheduler" (scheduler_config.json), "request", and "same"
{tensor: family that has the same one}:

    tokens.COMPONENT, states.COMPONENT, pooled.COMPONENT   text encoders, of PROMPT, as the pipeline takes them
    network.z, network.states, network.pooled, network.sizes, network.guidance, network.made   one pass at time 437
    latent.image, latent                    the autoencoder's mean for the picture below, scaled
    image                                   what it makes of `given("latent")` of networks.py
    loop                                    the latents after each of 4 steps, x0 + sigma * noise
    picture                                 0 to 1

Starting latents are noise * sqrt(1 + sigma²), whatever the scheduler's own rule; an encoded picture is the mean of its
distribution, not a draw.
"""

import inspect
import json
import math
from pathlib import Path

import diffusers
import numpy as np
import torch
from diffusers import AutoencoderKL, AutoencoderTiny, EulerDiscreteScheduler, UNet2DConditionModel
from diffusers.models.autoencoders.vae import DiagonalGaussianDistribution
from PIL import Image
from safetensors.torch import save_file
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection, CLIPTokenizer

from networks import given, guidance_waves, weight
from sampling import BETAS, NEGATIVE, PROMPT, byte_characters

OUT = Path(__file__).parents[1] / "crates/chatsd-diffusion/tests/goldens/families"
STEPS, SEED, WIDTH, HEIGHT = 4, 7, 32, 16
CROSS = {"down": "CrossAttnDownBlock2D", "up": "CrossAttnUpBlock2D", "mid": "UNetMidBlock2DCrossAttn"}
PARTS = {}
STORED = {}

# What a draw would add is a thousandth of what a latent is, and comes from a generator of its own.
DiagonalGaussianDistribution.sample = lambda self, generator=None: self.mean


def fill(component, network):
    state = network.state_dict()
    network.load_state_dict({name: weight(f"{component}.{name}", tuple(t.shape)) for name, t in state.items()})
    return network.float().eval()


def tokenizer(pad):
    """knows single characters alone, as sampling.py's"""
    characters = byte_characters()
    tokens = [*characters, *(c + "</w>" for c in characters), "<|startoftext|>", "<|endoftext|>"]
    numbers = {token: number for number, token in enumerate(tokens)}
    return CLIPTokenizer(vocab=numbers, merges=[], model_max_length=77, **({"pad_token": pad} if pad else {}))


def text_encoder(component, kind, **changes):
    config = {
        "vocab_size": 514, "hidden_size": 16, "intermediate_size": 24, "num_hidden_layers": 4,
        "num_attention_heads": 2, "bos_token_id": 512, "eos_token_id": 513, "projection_dim": 12, **changes,
    }
    encoder = fill(component, kind(CLIPTextConfig(**config)))
    # Where this version of diffusers looks for what this version of transformers has moved.
    if not hasattr(encoder, "text_model"):
        encoder.__dict__["text_model"] = encoder
    return encoder


def clip_l(component="text_encoder"):
    return text_encoder(component, CLIPTextModel, hidden_act="quick_gelu")


def open_clip(component="text_encoder", kind=CLIPTextModel, **changes):
    return text_encoder(component, kind, hidden_act="gelu", **changes)


def unet(blocks, **changes):
    """`blocks` is one letter a block on the way down: c crosses, d does not"""
    down = [CROSS["down"] if block == "c" else "DownBlock2D" for block in blocks]
    up = [CROSS["up"] if block == "c" else "UpBlock2D" for block in reversed(blocks)]
    config = {
        "sample_size": 8, "down_block_types": down, "up_block_types": up, "norm_num_groups": 4,
        "block_out_channels": [8, 16, 16, 24][: len(blocks)], "attention_head_dim": [2, 4, 4, 6][: len(blocks)],
        "cross_attention_dim": 16, **changes,
    }
    return fill("unet", UNet2DConditionModel(**config))


def unet_xl(blocks, states=32, pooled=12, sizes=6, **changes):
    added = {"addition_embed_type": "text_time", "addition_time_embed_dim": 4}
    added["projection_class_embeddings_input_dim"] = pooled + sizes * 4
    linear = {"use_linear_projection": True, "cross_attention_dim": states}
    return unet(blocks, **(added | linear | changes))


def kl(factor=0.18215):
    kinds = {"down_block_types": ["DownEncoderBlock2D"] * 2, "up_block_types": ["UpDecoderBlock2D"] * 2}
    config = {"block_out_channels": [8, 16], "norm_num_groups": 4, "sample_size": 16, "scaling_factor": factor}
    return fill("vae", AutoencoderKL(**config, **kinds))


def taesd():
    widths = {"encoder_block_out_channels": [8, 8], "decoder_block_out_channels": [8, 8]}
    return fill("vae", AutoencoderTiny(num_encoder_blocks=[1, 2], num_decoder_blocks=[2, 1], **widths))


def first(encoder, pad=None):
    return {"text_encoder": encoder, "tokenizer": tokenizer(pad)}


def both():
    second = open_clip("text_encoder_2", CLIPTextModelWithProjection)
    return first(clip_l()) | second_alone(second)


def second_alone(encoder):
    return {"text_encoder_2": encoder, "tokenizer_2": tokenizer("!")}


def scheduler(**changes):
    leading = {"timestep_spacing": "leading", "steps_offset": 1}
    return EulerDiscreteScheduler(**(BETAS | leading | changes))


TRAILING = {"timestep_spacing": "trailing", "steps_offset": 0}
IRREGULAR = {
    # SSD-1B: Gupta et al. 2024, section 3; Segmind-Vega has the same form with fewer layers.
    "ssd-1b": {
        "transformer_layers_per_block": [1, 2, 4],
        "reverse_transformer_layers_per_block": [[4, 4, 10], [2, 1, 1], 1],
    },
    "vega": {"transformer_layers_per_block": [1, 1, 2]},
}


def families():
    """name: (pipeline, its parts, its scheduler, the request)"""
    sd, xl = "StableDiffusionPipeline", "StableDiffusionXLPipeline"
    one = lambda **changes: unet("cccd", **changes)
    plain = {"guidance_scale": 5.0}
    fast = {"guidance_scale": 1.0}
    three = lambda **changes: unet_xl("dcc", transformer_layers_per_block=[1, 2, 3], **changes)
    refiner = unet_xl("dccd", states=16, pooled=16, sizes=5, transformer_layers_per_block=2)
    big = open_clip("text_encoder_2", CLIPTextModelWithProjection, projection_dim=16)
    no_mid = {"layers_per_block": 1, "mid_block_type": None}
    return {
        "sd1": (sd, first(clip_l()), one(), kl(), scheduler(), plain),
        "sd1-clip-skip-2": (sd, first(clip_l()), one(), kl(), scheduler(), plain | {"clip_skip": 1}),
        "sd1-cosine": (sd, first(clip_l()), one(), kl(), scheduler(beta_schedule="squaredcos_cap_v2"), plain),
        "sd1-lcm": (sd, first(clip_l()), one(time_cond_proj_dim=8), kl(), scheduler(), plain),
        "sd1-inpainting": (
            "StableDiffusionInpaintPipeline", first(clip_l()), one(in_channels=9), kl(), scheduler(),
            plain | {"image": True, "mask_image": True, "strength": 1.0},
        ),
        "sd1-edit": (
            "StableDiffusionInstructPix2PixPipeline", first(clip_l()), one(in_channels=8), kl(), scheduler(),
            plain | {"image": True, "image_guidance_scale": 1.5},
        ),
        "bk-sdm-base": (sd, first(clip_l()), one(layers_per_block=1), kl(), scheduler(), plain),
        "bk-sdm-small": (sd, first(clip_l()), one(**no_mid), kl(), scheduler(), plain),
        "bk-sdm-tiny": (sd, first(clip_l()), unet("ccc", **no_mid), kl(), scheduler(), plain),
        "sd2": (sd, first(open_clip(), "!"), one(use_linear_projection=True), kl(), scheduler(), plain),
        "sd2-v": (
            sd, first(open_clip(), "!"), one(use_linear_projection=True), kl(),
            scheduler(prediction_type="v_prediction"), plain,
        ),
        "sd-turbo": (
            sd, first(open_clip(), "!"), one(use_linear_projection=True), kl(), scheduler(**TRAILING), fast,
        ),
        "sdxs": (
            sd, first(open_clip(), "!"),
            unet("ccc", use_linear_projection=True, only_cross_attention=[True, False, False], **no_mid),
            taesd(), scheduler(**TRAILING), fast,
        ),
        "sdxl": (xl, both(), three(), kl(0.13025), scheduler(), plain),
        "sdxl-clip-skip-3": (xl, both(), three(), kl(0.13025), scheduler(), plain | {"clip_skip": 1}),
        "sdxl-empty-negative": (xl, both(), three(), kl(0.13025), scheduler(), plain | {"negative_prompt": None}),
        "sdxl-turbo": (xl, both(), three(), kl(0.13025), scheduler(**TRAILING), fast),
        "sdxl-v-zero-snr": (
            xl, both(), three(), kl(0.13025),
            scheduler(prediction_type="v_prediction", rescale_betas_zero_snr=True, **TRAILING),
            plain | {"guidance_rescale": 0.7},
        ),
        "sdxl-inpainting": (
            "StableDiffusionXLInpaintPipeline", both(), three(in_channels=9), kl(0.13025), scheduler(),
            plain | {"image": True, "mask_image": True, "strength": 1.0},
        ),
        "sdxl-refiner": (
            "StableDiffusionXLImg2ImgPipeline", second_alone(big), refiner, kl(0.13025), scheduler(),
            plain | {"image": True, "strength": 0.6, "num_inference_steps": 7},
        ),
        "ssd-1b": (
            xl, both(), unet_xl("dcc", mid_block_type="UNetMidBlock2D", **IRREGULAR["ssd-1b"]), kl(0.13025),
            scheduler(), plain,
        ),
        "vega": (
            xl, both(), unet_xl("dcc", mid_block_type="UNetMidBlock2D", **IRREGULAR["vega"]), kl(0.13025),
            scheduler(), plain,
        ),
    }


def image():
    """HEIGHT x WIDTH x 3 bytes; and the mask: the right half"""
    bytes = np.arange(HEIGHT * WIDTH * 3, dtype=np.int64)
    bytes = (bytes * 73 + bytes // 7 * 31) % 256
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    mask[:, WIDTH // 2 :] = 255
    return bytes.astype(np.uint8).reshape(HEIGHT, WIDTH, 3), mask


def part(network, class_name=None):
    """The name under which parts.json has it."""
    config = dict(network.config if class_name else network.config.to_dict())
    kind = type(network) if class_name else type(network.config)
    default = {key: value.default for key, value in inspect.signature(kind.__init__).parameters.items()}
    if not class_name:
        default |= CLIPTextConfig().to_dict()
    same = lambda key, value: key.startswith("_") or value is None or key in default and json.dumps(default[key]) == json.dumps(value)
    config = {key: value for key, value in config.items() if not same(key, value)}
    if "mid_block_type" in network.config and network.config["mid_block_type"] is None:
        config["mid_block_type"] = None
    if class_name:
        config["_class_name"] = class_name
    shapes = {}
    state = network.state_dict()
    for module in (name.removesuffix(".weight") for name in state if not name.endswith(".bias")):
        *path, last = module.split(".")
        leaf = shapes
        for step in path:
            leaf = leaf.setdefault(step, {})
        shape = list(state[f"{module}.weight"].shape)
        leaf[last] = shape if f"{module}.bias" in state else [shape]
    made = {"config": config, "shapes": shapes}
    for name, known in PARTS.items():
        if known == made:
            return name
    PARTS[f"{len(PARTS)}"] = made
    return f"{len(PARTS) - 1}"


@torch.no_grad()
def paint(name, kind, texts, network, vae, steps, request):
    arguments = {"vae": vae, "unet": network, "scheduler": steps, **texts}
    taken = inspect.signature(getattr(diffusers, kind).__init__).parameters
    optional = {"safety_checker": None, "feature_extractor": None, "requires_safety_checker": False}
    optional |= {"add_watermarker": False, "requires_aesthetics_score": name == "sdxl-refiner", "image_encoder": None}
    optional |= {"force_zeros_for_empty_prompt": name != "sdxl-refiner", "text_encoder": None, "tokenizer": None}
    arguments |= {key: value for key, value in optional.items() if key in taken and key not in arguments}
    pipeline = getattr(diffusers, kind)(**arguments)
    pipeline.set_progress_bar_config(disable=True)

    goldens = {}
    for component, encoder in ((key, texts[key]) for key in ("text_encoder", "text_encoder_2") if key in texts):
        ids = texts[component.replace("text_encoder", "tokenizer")](
            PROMPT, padding="max_length", max_length=77, return_tensors="pt"
        ).input_ids
        made = encoder(ids, output_hidden_states=True)
        skip = request.get("clip_skip", 0)
        if "text_encoder_2" in texts:
            states = made.hidden_states[-2 - skip]
        else:
            states = encoder.text_model.final_layer_norm(made.hidden_states[-1 - skip])
        goldens |= {f"tokens.{component}": ids[0], f"states.{component}": states}
        if component == "text_encoder_2":
            goldens[f"pooled.{component}"] = made.text_embeds

    config = network.config
    z = given("z", 1, config.in_channels, HEIGHT // 2, WIDTH // 2)
    states = given("states", 1, 77, config.cross_attention_dim)
    more = {}
    if config.addition_embed_type:
        sizes = torch.tensor([[512.0, 768, 0, 16, 1024, 640][: 5 if name == "sdxl-refiner" else 6]])
        pooled = given("pooled", 1, config.projection_class_embeddings_input_dim - 4 * sizes.numel())
        goldens |= {"network.pooled": pooled, "network.sizes": sizes[0]}
        more["added_cond_kwargs"] = {"text_embeds": pooled, "time_ids": sizes}
    if config.time_cond_proj_dim:
        goldens["network.guidance"] = torch.tensor([7.5])
        more["timestep_cond"] = guidance_waves(7.5, config.time_cond_proj_dim)
    goldens |= {"network.made": network(z, torch.tensor(437.0), states, **more).sample}

    picture, mask = image()
    pixels = torch.from_numpy(picture).permute(2, 0, 1)[None] / 127.5 - 1
    encoded = vae.encode(pixels)
    encoded = encoded.latent_dist.mean if hasattr(encoded, "latent_dist") else encoded.latents
    latent = given("latent", 1, 4, HEIGHT // 2, WIDTH // 2, scale=2.0)
    goldens["latent"] = encoded * vae.config.scaling_factor
    goldens["image"] = vae.decode(latent / vae.config.scaling_factor).sample

    noise = torch.randn(1, 4, HEIGHT // 2, WIDTH // 2, generator=torch.Generator().manual_seed(SEED))
    steps.set_timesteps(request.get("num_inference_steps", STEPS))
    sigma = float(steps.sigmas[0])
    options = {"num_inference_steps": STEPS, "negative_prompt": NEGATIVE, "output_type": "pt"} | request
    if "image" in request:
        options["image"] = Image.fromarray(picture)
    if "mask_image" in request:
        options["mask_image"] = Image.fromarray(mask)
    if kind == "StableDiffusionXLImg2ImgPipeline":
        options["generator"] = torch.Generator().manual_seed(SEED)
    else:
        options["latents"] = noise * math.sqrt(1 + sigma**2) / float(steps.init_noise_sigma)
    taken = inspect.signature(type(pipeline).__call__).parameters
    options |= {key: value for key, value in {"height": HEIGHT, "width": WIDTH}.items() if key in taken}
    if skip := options.pop("clip_skip", 0):
        # The library skips for the prompt alone; others, and we, for the negative prompt too.
        for key, words in (("negative_", options.pop("negative_prompt")), ("", PROMPT)):
            free = {"device": "cpu", "num_images_per_prompt": 1, "do_classifier_free_guidance": False}
            encoded = pipeline.encode_prompt(words, **free, clip_skip=skip)
            options[f"{key}prompt_embeds"] = encoded[0]
            if len(encoded) == 4:
                options[f"{key}pooled_prompt_embeds"] = encoded[2]
    else:
        options["prompt"] = PROMPT
    kept = []
    keep = lambda _, step, time, values: kept.append(values["latents"].clone()) or values
    made = pipeline(callback_on_step_end=keep, **options).images
    goldens |= {"loop": torch.cat(kept), "picture": made}

    parts = {"unet": part(network, "UNet2DConditionModel"), "vae": part(vae, type(vae).__name__)}
    parts |= {key: part(texts[key]) for key in ("text_encoder", "text_encoder_2") if key in texts}
    ours = {key: value for key, value in steps.config.items() if key in (*BETAS, *TRAILING, "prediction_type")}
    ours |= {"_class_name": "EulerDiscreteScheduler", "rescale_betas_zero_snr": steps.config.rescale_betas_zero_snr}
    asked = {"steps": STEPS, "negative_prompt": NEGATIVE} | request
    path = OUT / f"{name}.safetensors"
    tensors = {key: value.float().contiguous() for key, value in goldens.items()}
    holder = {key: STORED.setdefault((key, value.numpy().tobytes()), name) for key, value in tensors.items()}
    same = {key: family for key, family in holder.items() if family != name}
    tensors = {key: value for key, value in tensors.items() if key not in same}
    metadata = {"parts": parts, "scheduler": ours, "request": asked, "same": same}
    save_file(tensors, path, {key: json.dumps(value) for key, value in metadata.items()})
    deviation = lambda key: f"{key} {goldens[key].float().std():.3f}"
    print(f"{name:20} {path.stat().st_size:6} bytes", *map(deviation, ("network.made", "image", "loop", "picture")))
    assert all(tensor.isfinite().all() for tensor in tensors.values())


def main():
    torch.set_num_threads(1)
    OUT.mkdir(parents=True, exist_ok=True)
    for name, family in families().items():
        paint(name, *family)
    (OUT / "parts.json").write_text(json.dumps(PARTS, separators=(",", ":")))


if __name__ == "__main__":
    main()
