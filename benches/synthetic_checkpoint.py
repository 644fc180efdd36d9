#!/usr/bin/env python3
"""Writes a checkpoint with the dimensions of OLMo2-1B and random weights: 16 layers, h 2048, inner size 8192,
100,352 tokens, in bf16; about 3 GB. Needs NumPy.

    python3 benches/synthetic_checkpoint.py FOLDER [--layers N]
"""

import argparse
import json
import pathlib
import struct

import numpy as np

HIDDEN, INNER, HEADS, VOCAB = 2048, 8192, 16, 100_352


def shapes(layers):
    """Every tensor's name and shape, in the order of the file."""
    yield "model.embed_tokens.weight", (VOCAB, HIDDEN)
    for layer in range(layers):
        name = f"model.layers.{layer}"
        for part in "qkvo":
            yield f"{name}.self_attn.{part}_proj.weight", (HIDDEN, HIDDEN)
        for part in "qk":
            yield f"{name}.self_attn.{part}_norm.weight", (HIDDEN,)
        for part in ("gate", "up"):
            yield f"{name}.mlp.{part}_proj.weight", (INNER, HIDDEN)
        yield f"{name}.mlp.down_proj.weight", (HIDDEN, INNER)
        for part in ("attention", "feedforward"):
            yield f"{name}.post_{part}_layernorm.weight", (HIDDEN,)
    yield "model.norm.weight", (HIDDEN,)
    yield "lm_head.weight", (VOCAB, HIDDEN)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--layers", type=int, default=16)
    args = parser.parse_args()
    args.folder.mkdir(parents=True, exist_ok=True)

    config = {
        "architectures": ["Olmo2ForCausalLM"],
        "model_type": "olmo2",
        "hidden_size": HIDDEN,
        "intermediate_size": INNER,
        "num_hidden_layers": args.layers,
        "num_attention_heads": HEADS,
        "num_key_value_heads": HEADS,
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
    for name, shape in shapes(args.layers):
        size = 2 * int(np.prod(shape))
        header[name] = {"dtype": "BF16", "shape": shape, "data_offsets": [offset, offset + size]}
        offset += size
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    random = np.random.default_rng(0)
    with open(args.folder / "model.safetensors", "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for name, shape in shapes(args.layers):
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
