"""Writes the trained networks as one GGUF file that ChatSD reads."""

import argparse
import json

import numpy as np
from gguf import GGMLQuantizationType, GGUFWriter
from gguf.quants import quantize

import sample
import tokenizer

LICENCE = "Apache-2.0 AND MIT AND CC-BY-4.0"
PIPELINE = {
    "prediction": "sample", "schedule": "flow", "shift": 2.0, "autoencoder": "patch", "patch": 8,
    "sequence_length": tokenizer.LENGTH, "begin_token": tokenizer.BEGIN, "end_token": tokenizer.END,
    "pad_token": tokenizer.END, "steps": 24, "guidance": 3.0, "width": 128, "height": 128,
}
BLOCK = 32  # weights that share one scale in Q8_0


def shape_of(config):
    """A network's config as JSON, without where it happened to be loaded from."""
    kept = {name: value for name, value in config.items() if name != "_name_or_path"}
    return json.dumps(kept, sort_keys=True)


def add_metadata(writer, unet, text, vocabulary):
    writer.add_name("pocket")
    writer.add_license(LICENCE)
    writer.add_string("chatsd.unet.config", shape_of(json.loads(unet.to_json_string())))
    writer.add_string("chatsd.text_encoder.config", shape_of(text.config.to_dict()))
    writer.add_string("chatsd.pipeline.config", json.dumps(PIPELINE))
    writer.add_string("chatsd.convolution_layout", "ohwi")
    tokens, merges = tokenizer.tables(vocabulary)
    writer.add_tokenizer_model("clip")
    writer.add_token_list(tokens)
    writer.add_token_merges(merges)


def add_tensor(writer, name, weight):
    """Convolutions go channels-last; whatever fills whole blocks becomes Q8_0, vectors stay f32."""
    array = weight.detach().float().numpy()
    if array.ndim == 4:
        array = array.transpose(0, 2, 3, 1)
    array = np.ascontiguousarray(array)
    if array.ndim > 1 and array.shape[-1] % BLOCK == 0 and "position" not in name:
        kind = GGMLQuantizationType.Q8_0
        writer.add_tensor(name, quantize(array, kind), raw_dtype=kind)
    else:
        writer.add_tensor(name, array)


def main():
    parse = argparse.ArgumentParser(description=__doc__)
    parse.add_argument("weights", help="a weights folder or a checkpoint last.pt (its averages are taken)")
    parse.add_argument("--vocabulary", required=True, help="bpe_simple_vocab_16e6.txt.gz")
    parse.add_argument("--out", default="pocket.gguf")
    args = parse.parse_args()
    unet, text = sample.networks_of(args.weights)
    writer = GGUFWriter(args.out, "chatsd-picture")
    add_metadata(writer, unet, text, args.vocabulary)
    for prefix, network in (("unet", unet), ("text_encoder", text)):
        for name, weight in network.state_dict().items():
            if name.endswith("position_ids"):
                continue
            add_tensor(writer, f"{prefix}.{name}", weight)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


if __name__ == "__main__":
    main()
