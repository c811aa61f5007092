"""Golden pictures of the networks that make pictures larger, by spandrel.

    python reference/upscalers.py

writes crates/chatsd-diffusion/tests/goldens/networks/upscaler-NAME.safetensors in the form that `networks.py` describes;
"config" is its scale. small-upscaler.safetensors is a whole file for the program's tests. The weights get the names that each file has in the wild, and spandrel's own loader tells
what they are.
"""

import json
import re

import torch
from networks import TARGET, given, weight
from safetensors.torch import save_file
from spandrel import ModelLoader
from spandrel.architectures.Compact.__arch.SRVGG import SRVGGNetCompact
from spandrel.architectures.ESRGAN.__arch.RRDB import RRDBNet


def rrdb(name, rename, scale=4, channels=3, height=6, width=7, blocks=2):
    """`rename` turns the names of ESRGAN's first files into those of `name`."""
    doublings = scale.bit_length() - 1
    network = RRDBNet(in_nc=channels, num_filters=16, num_blocks=blocks, scale=2**doublings)
    shapes = {rename(key, blocks, doublings): list(value.shape) for key, value in network.state_dict().items()}
    save(name, shapes, height, width)


def save(name, shapes, height, width):
    state = {key: weight(key, shape) for key, shape in shapes.items()}
    model = ModelLoader().load_from_state_dict(state)
    image = (given("image", 1, 3, height, width, scale=0.5) + 0.5).contiguous()
    made = model.model.float().eval()(image)
    metadata = {"config": json.dumps({"scale": model.scale}), "shapes": json.dumps(shapes)}
    save_file({"in.image": image, "out.image": made.contiguous()}, TARGET / f"upscaler-{name}.safetensors", metadata)
    print(f"upscaler-{name}: x{model.scale} {list(made.shape)} deviation {made.std():.3f}")


def old(key, blocks, doublings):
    return key


def parts(doublings):
    """Places of the convolutions after the blocks in ESRGAN's first files, in order."""
    ups = [3 * index + 3 for index in range(doublings)]
    wide = 2 + 3 * doublings
    return ups, wide, wide + 2


def new(key, blocks, doublings, dense="RDB", trunk="RRDB_trunk", names=("trunk_conv", "upconv", "HRconv")):
    ups, wide, last = parts(doublings)
    places = {"0": "conv_first", str(wide): names[2], str(last): "conv_last"}
    places |= {str(place): f"{names[1]}{index + 1}" for index, place in enumerate(ups)}
    if found := re.fullmatch(r"model\.1\.sub\.(\d+)\.RDB(\d)\.conv(\d)\.0\.(\w+)", key):
        block, part, layer, end = found.groups()
        return f"{trunk}.{block}.{dense}{part}.conv{layer}.{end}"
    if found := re.fullmatch(r"model\.1\.sub\.\d+\.(\w+)", key):
        return f"{names[0]}.{found[1]}"
    _, place, end = key.split(".")
    return f"{places[place]}.{end}"


def real(key, blocks, doublings):
    return new(key, blocks, doublings, "rdb", "body", ("conv_body", "conv_up", "conv_hr"))


@torch.no_grad()
def main():
    rrdb("old", old)
    rrdb("old-2", old, scale=2)
    rrdb("new", new)
    rrdb("real", real)
    rrdb("real-2", real, channels=12, width=9, height=7)
    state = SRVGGNetCompact(num_feat=16, num_conv=3, upscale=4).state_dict()
    save("compact", {key: list(value.shape) for key, value in state.items()}, 6, 7)
    state = SRVGGNetCompact(num_feat=4, num_conv=1, upscale=4).state_dict()
    small = {key: weight(key, list(value.shape)) for key, value in state.items()}
    save_file(small, TARGET / "small-upscaler.safetensors")


if __name__ == "__main__":
    main()
