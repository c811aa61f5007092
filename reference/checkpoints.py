"""Small PyTorch checkpoints of each protocol and layout, with their values as safetensors, for the tests of
chatsd-weights."""

import sys
import types
from collections import OrderedDict, defaultdict
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file

OUT = Path(__file__).parent.parent / "crates/chatsd-weights/tests/fixtures"


def foreign(module: str, name: str) -> type:
    """A class that its pickle names and no reader knows."""
    parts = module.split(".")
    for end in range(1, len(parts) + 1):
        sys.modules.setdefault(".".join(parts[:end]), types.ModuleType(".".join(parts[:end])))
    kind = type(name, (), {"__module__": module})
    setattr(sys.modules[module], name, kind)
    return kind


def tensors() -> dict:
    torch.manual_seed(4)
    base = torch.randn(4, 6)
    tied = torch.randn(3, 2)
    return {
        "float": torch.randn(2, 3),
        "half": torch.randn(5).half(),
        "brain": torch.randn(3, 2).bfloat16(),
        "double": torch.randn(2, dtype=torch.float64),
        "long": torch.tensor([1, -2, 2**40]),
        "int": torch.tensor([[3], [-4]], dtype=torch.int32),
        "short": torch.tensor([5, -6], dtype=torch.int16),
        "char": torch.tensor([7, -8], dtype=torch.int8),
        "byte": torch.tensor([9, 255], dtype=torch.uint8),
        "truth": torch.tensor([True, False, True]),
        "scalar": torch.tensor(2.5),
        "nothing": torch.zeros(0, 4),
        "base": base,
        "rows": base[1:3],
        "columns": base[:, 2:4],
        "turned": base.t(),
        "every.second": base[::2, ::3],
        "spread": torch.tensor([1.0, 2.0]).expand(3, 2),
        "channels.last": torch.randn(2, 3, 2, 2).contiguous(memory_format=torch.channels_last),
        "tied.first": tied,
        "tied.second": tied,
        "parameter": torch.nn.Parameter(torch.randn(2)),
    }


def checkpoint(values: dict) -> dict:
    callback = foreign("pytorch_lightning.callbacks.model_checkpoint", "ModelCheckpoint")()
    callback.best_model_score = torch.randn(1)
    model = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.BatchNorm1d(3))
    whole = {f"module.{name}": value for name, value in model.state_dict().items()}
    values_below = {f"state_dict.{name}": value for name, value in values.items()}
    embedding = torch.nn.ParameterDict({"*": torch.nn.Parameter(torch.randn(2, 4))})
    holder = defaultdict(list)
    holder["list"] = [torch.ones(1), (torch.zeros(2), 5)]
    saved = {
        "state_dict": OrderedDict(values),
        "global_step": 840_000,
        "learning rate": 0.5,
        "name": "图",
        "use_ema": False,
        "loss": np.float64(0.25),
        "count": np.int64(-3),
        "callbacks": {type(callback): callback, "last": callback},
        "module": model,
        "string_to_param": embedding,
        "holder": holder,
        320: {0: torch.full((1,), 4.0)},
    }
    expected = values_below | whole
    expected["string_to_param.*"] = embedding["*"]
    expected |= {"holder.list.0": torch.ones(1), "holder.list.1.0": torch.zeros(2), "320.0": torch.full((1,), 4.0)}
    return saved, {name: value.detach().contiguous().clone() for name, value in expected.items()}


saved, expected = checkpoint(tensors())
save_file(expected, OUT / "checkpoint.safetensors")
for protocol in range(2, 6):
    for layout, is_zip in [("zip", True), ("legacy", False)]:
        path = OUT / f"checkpoint-{layout}-{protocol}.pt"
        # The older layout writes the source of a module's classes, too: none of that here.
        given = saved if is_zip else {name: value for name, value in saved.items() if name != "module"}
        torch.save(given, path, pickle_protocol=protocol, _use_new_zipfile_serialization=is_zip)
eights = {"e4m3": torch.arange(-3, 5).to(torch.float8_e4m3fn), "e5m2": torch.arange(-3, 5).to(torch.float8_e5m2)[::2]}
eights["complex"] = torch.zeros(2, dtype=torch.complex64)
torch.save(eights, OUT / "checkpoint-eights.pt")
