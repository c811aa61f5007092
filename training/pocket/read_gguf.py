"""The networks inside a model file, back in PyTorch: what `export.py` wrote, read the other way."""

import json

import numpy as np
import torch
from diffusers import UNet2DConditionModel
from gguf import GGUFReader
from gguf.quants import dequantize
from transformers import CLIPTextConfig, CLIPTextModel

import model


def _text(reader, key):
    field = reader.fields[key]
    return bytes(field.parts[field.data[0]]).decode()


def _weight(tensor, wanted):
    """Convolutions lie channels-last in the file; everything else as it is."""
    array = dequantize(tensor.data, tensor.tensor_type).reshape([int(n) for n in tensor.shape[::-1]])
    if array.ndim == 4:
        array = array.transpose(0, 3, 1, 2)
    return torch.from_numpy(np.array(array)).reshape(wanted)


def load(path):
    """(picture network, text encoder); their weights are the file's, rounded to its 8-bit blocks"""
    reader = GGUFReader(path)
    unet = UNet2DConditionModel.from_config(json.loads(_text(reader, "chatsd.unet.config")))
    config = json.loads(_text(reader, "chatsd.text_encoder.config"))
    text = CLIPTextModel(CLIPTextConfig(**{k: v for k, v in config.items() if k in model.TEXT}))
    for prefix, network in (("unet.", unet), ("text_encoder.", text)):
        wanted = network.state_dict()
        found = {t.name.removeprefix(prefix): t for t in reader.tensors if t.name.startswith(prefix)}
        kept = {name: _weight(found[name], value.shape) for name, value in wanted.items() if name in found}
        missing = [name for name in wanted if name not in found and not name.endswith("position_ids")]
        if missing:
            raise ValueError(f"{path}: {prefix}{missing[0]} is not in the file")
        network.load_state_dict(kept, strict=False)
    return model.prepare(unet, text)
