"""Golden tensors of IP-Adapters, by diffusers and transformers.

    python reference/ip_adapter.py

writes, in the form that `networks.py` describes, below crates/chatsd-diffusion/tests/goldens/networks/:

    image-encoder.safetensors   CLIP's image encoder: out.embedding of in.image
    ip-adapter.safetensors      an IP-Adapter of unet-1: out.sample is what unet-1 makes of in.embedding, once for each
                                picture of the batch, at strength 0.6

and small-image-encoder.safetensors and small-ip-adapter.safetensors, whole files for the tiny Stable Diffusion that
`sampling.py` makes.
"""

import json

import torch
from diffusers import UNet2DConditionModel
from networks import TARGET, fill, given, save, weight
from safetensors import safe_open
from safetensors.torch import save_file
from transformers import CLIPVisionConfig, CLIPVisionModelWithProjection

EMBEDDING, WORDS = 20, 4


def image_encoder():
    config = CLIPVisionConfig(
        hidden_size=32, intermediate_size=80, projection_dim=EMBEDDING, num_hidden_layers=2, num_attention_heads=16,
        image_size=28, patch_size=7, hidden_act="gelu",
    )
    network = fill(CLIPVisionModelWithProjection(config))
    image = given("image", 1, 3, 28, 28)
    save("image-encoder", network, config.to_dict(), {"in.image": image, "out.embedding": network(image).image_embeds})


def ip_adapter():
    with safe_open(TARGET / "unet-1.safetensors", "pt") as file:
        config = json.loads(file.metadata()["config"])
        z, states, time = (file.get_tensor(f"in.{name}") for name in ("z", "states", "time"))
    unet = fill(UNet2DConditionModel(**{key: value for key, value in config.items() if not key.startswith("_")}))
    width = config["cross_attention_dim"]
    shapes = {"image_proj.proj.weight": [WORDS * width, EMBEDDING], "image_proj.proj.bias": [WORDS * width]}
    shapes |= {"image_proj.norm.weight": [width], "image_proj.norm.bias": [width]}
    attentions = [name for name in unet.attn_processors if name.endswith("attn2.processor")]
    for index, name in enumerate(attentions):
        layer = unet.get_submodule(name.removesuffix(".processor"))
        for part in ("k", "v"):
            shapes[f"ip_adapter.{2 * index + 1}.to_{part}_ip.weight"] = list(layer.to_k.weight.shape)
    state = {"image_proj": {}, "ip_adapter": {}}
    for name, shape in shapes.items():
        part, rest = name.split(".", 1)
        state[part][rest] = weight(name, shape)
    unet._load_ip_adapter_weights([state])
    for processor in unet.attn_processors.values():
        if hasattr(processor, "scale"):
            processor.scale = [0.6]
    embedding = given("embedding", z.shape[0], EMBEDDING)
    made = unet(z, time[0], states, added_cond_kwargs={"image_embeds": [embedding[:, None]]}).sample
    tensors = {"in.z": z, "in.states": states, "in.time": time, "in.embedding": embedding, "out.sample": made}
    metadata = {"config": json.dumps({}), "shapes": json.dumps(shapes)}
    save_file({key: value.contiguous() for key, value in tensors.items()}, TARGET / "ip-adapter.safetensors", metadata)
    print("ip-adapter", len(attentions), "attentions, deviation", float(made.std()))


def small():
    config = CLIPVisionConfig(
        hidden_size=16, intermediate_size=16, projection_dim=EMBEDDING, num_hidden_layers=1, num_attention_heads=16,
        image_size=8, patch_size=4, hidden_act="gelu",
    )
    state = fill(CLIPVisionModelWithProjection(config)).state_dict()
    save_file({key: value.contiguous() for key, value in state.items()}, TARGET / "small-image-encoder.safetensors")
    shapes = {"image_proj.proj.weight": [WORDS * 8, EMBEDDING], "image_proj.proj.bias": [WORDS * 8]}
    shapes |= {"image_proj.norm.weight": [8], "image_proj.norm.bias": [8]}
    # One attention on the way down, one in the middle, two on the way up.
    shapes |= {f"ip_adapter.{index}.to_{part}_ip.weight": [8, 8] for index in (1, 3, 5, 7) for part in "kv"}
    save_file({name: weight(name, shape) for name, shape in shapes.items()}, TARGET / "small-ip-adapter.safetensors")


@torch.no_grad()
def main():
    image_encoder()
    ip_adapter()
    small()


if __name__ == "__main__":
    main()
