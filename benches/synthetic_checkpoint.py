#!/usr/bin/env python3
"""Writes a checkpoint with the dimensions of OLMo2-1B (16 layers, h 2048, inner size 8192) or OLMo2-7B (32, 4096, 11008),
100,352 tokens, and random weights, in bf16; 3 and 15 GB. Needs NumPy.

    python3 benches/synthetic_checkpoint.py FOLDER [--size 7b] [--layers N]
"""

import argparse
import json
import pathlib
import struct

import numpy as np

VOCAB = 100_352
# Layers, hidden size, inner size, heads.
SIZES = {"1b": (16, 2048, 8192, 16), "7b": (32, 4096, 11008, 32)}


def shapes(layers, hidden, inner):
    """Every tensor's name and shape, in the order of the file."""
    yield "model.embed_tokens.weight", (VOCAB, hidden)
    for layer in range(layers):
        name = f"model.layers.{layer}"
        for part in "qkvo":
            yield f"{name}.self_attn.{part}_proj.weight", (hidden, hidden)
        for part in "qk":
            yield f"{name}.self_attn.{part}_norm.weight", (hidden,)
        for part in ("gate", "up"):
            yield f"{name}.mlp.{part}_proj.weight", (inner, hidden)
        yield f"{name}.mlp.down_proj.weight", (hidden, inner)
        for part in ("attention", "feedforward"):
            yield f"{name}.post_{part}_layernorm.weight", (hidden,)
    yield "model.norm.weight", (hidden,)
    yield "lm_head.weight", (VOCAB, hidden)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--size", choices=SIZES, default="1b")
    parser.add_argument("--layers", type=int)
    args = parser.parse_args()
    layers, hidden, inner, heads = SIZES[args.size]
    layers = args.layers or layers
    args.folder.mkdir(parents=True, exist_ok=True)

    config = {
        "architectures": ["Olmo2ForCausalLM"],
        "model_type": "olmo2",
        "hidden_size": hidden,
        "intermediate_size": inner,
        "num_hidden_layers": layers,
        "num_attention_heads": heads,
        "num_key_value_heads": heads,
        "vocab_size": VOCAB,
        "max_position_embeddings": 4096,
        "rms_norm_eps": 1e-6,
        "rope_theta": 500_000,
        "hidden_act": "silu",
        "tie_word_embeddings": False,
        "torch_dtype": "bfloat16",
    }
    (args.folder / "config.json").write_text(json.dumps(config, indent=2) + "\n")

    header, offset = {}, 0
    for name, shape in shapes(layers, hidden, inner):
        size = 2 * int(np.prod(shape))
        header[name] = {"dtype": "BF16", "shape": shape, "data_offsets": [offset, offset + size]}
        offset += size
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    random = np.random.default_rng(0)
    with open(args.folder / "model.safetensors", "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for name, shape in shapes(layers, hidden, inner):
            count = int(np.prod(shape))
            if len(shape) == 1:
                values = np.ones(count, np.float32)
            else:
                values = random.standard_normal(count, np.float32) * np.float32(0.02)
            # The upper half of an f32 is the same number in bf16, rounded towards zero.
            file.write((values.view(np.uint32) >> 16).astype(np.uint16).tobytes())
    print(f"{args.folder}: {offset / 1e9:.2f} GB")


if __name__ == "__main__":
    main()
