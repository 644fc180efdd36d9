#!/usr/bin/env python3
"""What a Python user runs today, beside infoplane, on one machine and the same number of threads.

    python3 -m venv venv && venv/bin/pip install -r benches/peer/requirements.txt
    cargo build --release
    venv/bin/python benches/peer/measure.py [--model FOLDER] [--samples 64] [--context 256] [--threads 2] [--gpu]

Prints positions a second of `soft-entropy`'s own LLMInferrer and of `infoplane measure`, tokens a second of the
forward pass alone (with hidden states and loss) of both, and the ratios. The forward pass is compared in f32 and, where
the checkpoint is stored in another type, in that type: torch in it, ours in f32 and in bf16. Each side is timed as a user would
wait for it, without the loading of libraries and model. A turn is one run of the other side and the median of
three of ours: a third of a second shows every hiccup of the machine, a quarter of a minute averages them.

Before that it prints what the processor multiplies at most, by `cargo bench --bench measurement registers product`,
where there is cargo: how near a forward pass comes to what the machine gives, however loud its neighbours are.

With --gpu both forward passes run on the machine's GPU, torch's in bf16 and ours as --dtype says, and nothing else.
"""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
RUN = ROOT / "assets/demo/gutenberg-1m"


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=pathlib.Path, default=RUN / "step2000")
    parser.add_argument("--tokenizer", type=pathlib.Path, default=RUN / "tokenizer.json")
    parser.add_argument("--corpus", type=pathlib.Path, default=ROOT / "assets/demo/books-sample.jsonl")
    parser.add_argument("--samples", type=int, default=64)
    parser.add_argument("--context", type=int, default=256)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--own-runs", type=int, default=3, help="of ours in a turn; their median counts")
    parser.add_argument("--gpu", action="store_true", help="the forward pass alone, on a GPU")
    parser.add_argument("--dtype", default="f16", help="of our products on the GPU")
    parser.add_argument("--no-peak", action="store_true", help="not what the processor multiplies at most")
    parser.add_argument("--only-forward", action="store_true", help="for models too slow for the rest")
    parser.add_argument("--infoplane", type=pathlib.Path, default=ROOT / "target/release/infoplane")
    return parser.parse_args()


def documents(args):
    """The token ids of the sample."""
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(args.tokenizer))
    ids = []
    for line in open(args.corpus):
        document = tokenizer.encode(json.loads(line)["text"]).ids[: args.context]
        if len(document) >= 6:
            ids.append(document)
        if len(ids) == args.samples:
            return ids
    raise SystemExit(f"fewer than {args.samples} documents in {args.corpus}")


def peer_measurement(args):
    """Positions a second of LLMInferrer, orders 1 to 3."""
    import shutil

    from soft_entropy.llm import LLMInferrer

    with tempfile.TemporaryDirectory() as folder:
        model = pathlib.Path(folder) / "model"
        shutil.copytree(args.model, model)
        for file in args.tokenizer.parent.glob("*token*.json"):
            shutil.copy(file, model)
        data = pathlib.Path(folder) / "data"
        data.mkdir()
        lines = open(args.corpus).read().splitlines()[: args.samples]
        (data / "train.jsonl").write_text("\n".join(lines) + "\n")
        inferrer = LLMInferrer(
            str(model), str(data), ["unigram", "bigram", "trigram"], n_bins=100, max_length=args.context
        )
        start = time.perf_counter()
        inferrer.run(n_examples=args.samples, batch_size=4)
        return time.perf_counter() - start


def stored_dtype(args):
    """The type that most of the checkpoint's parameters are stored in, as torch names it."""
    sizes = {}
    for path in args.model.glob("*.safetensors"):
        with open(path, "rb") as file:
            header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
        for name, tensor in header.items():
            if name != "__metadata__":
                first, end = tensor["data_offsets"]
                sizes[tensor["dtype"]] = sizes.get(tensor["dtype"], 0) + end - first
    return {"BF16": "bfloat16", "F16": "float16"}.get(max(sizes, key=sizes.get, default="F32"), "float32")


def peer_forward(args, ids, dtype):
    """A function that takes transformers' forward pass with hidden states and loss, four documents at a time, and
    says the seconds."""
    import torch
    from transformers import AutoModelForCausalLM

    device = "cuda" if args.gpu else "cpu"
    model = AutoModelForCausalLM.from_pretrained(str(args.model), dtype=getattr(torch, dtype)).eval().to(device)
    order = sorted(ids, key=len)

    def forward():
        start = time.perf_counter()
        with torch.no_grad():
            for first in range(0, len(order), 4):
                batch = order[first : first + 4]
                longest = max(map(len, batch))
                tokens = torch.tensor([d + [0] * (longest - len(d)) for d in batch])
                mask = torch.tensor([[1] * len(d) + [0] * (longest - len(d)) for d in batch])
                labels = tokens.masked_fill(mask == 0, -100)
                tokens, mask, labels = (tensor.to(device) for tensor in (tokens, mask, labels))
                model(tokens, attention_mask=mask, labels=labels, output_hidden_states=True, use_cache=False)
        if args.gpu:
            torch.cuda.synchronize()
        return time.perf_counter() - start

    if args.gpu:
        # The first pass loads the card's libraries.
        forward()
    return forward


def own(args, command):
    """Seconds that infoplane says a command took, without the loading of the program."""
    environment = dict(os.environ, RAYON_NUM_THREADS=str(args.threads))
    done = subprocess.run([*map(str, command)], env=environment, capture_output=True, text=True, check=True)
    return float([line for line in done.stderr.splitlines() if line.startswith("took ")][-1].split()[1])


def compare(args, what, count, unit, peer, ours, theirs):
    """Runs both by turns and prints the best of each and the ratios of the turns."""
    turns = [(statistics.median(ours() for _ in range(args.own_runs)), theirs()) for _ in range(args.repeats)]
    ours, theirs = (min(times) for times in zip(*turns))
    ratios = ", ".join(f"{their / our:.2f}" for our, their in turns)
    print(f"{what}: infoplane {count / ours:,.0f} {unit}/s, {peer} {count / theirs:,.0f} {unit}/s, "
          f"ratio {theirs / ours:.2f} (by turns {ratios})", flush=True)


def peak(args):
    """Operations a second of multiplications in registers and of a product of ours, best and median, as `cargo bench`
    prints them."""
    import shutil

    if not shutil.which("cargo"):
        print("no cargo, so no peak of the machine", flush=True)
        return
    command = ["cargo", "bench", "--bench", "measurement", "--", "registers", "product"]
    environment = dict(os.environ, RAYON_NUM_THREADS=str(args.threads))
    done = subprocess.run(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    print(done.stdout, flush=True)


def main():
    args = arguments()
    os.environ["OMP_NUM_THREADS"] = str(args.threads)
    import numpy as np
    import torch
    from safetensors.numpy import save_file

    torch.set_num_threads(args.threads)
    if not args.gpu and not args.no_peak:
        peak(args)
    ids = documents(args)
    tokens = sum(map(len, ids))
    positions = sum(len(document) - 5 for document in ids)
    with tempfile.TemporaryDirectory() as folder:
        flat = np.concatenate([np.array(document, np.int32) for document in ids])
        offsets = np.cumsum([0] + [len(document) for document in ids]).astype(np.int64)
        file = f"{folder}/tokens.safetensors"
        save_file({"tokens": flat, "offsets": offsets}, file)
        backend = ["--backend", "gpu", "--dtype", args.dtype] if args.gpu else ["--backend", "cpu"]
        common = ["--tokens", file, *backend, "--out"]
        hidden = [args.infoplane, "hidden", args.model, *common, f"{folder}/states.safetensors", "--loss-only"]
        stored = stored_dtype(args)
        if args.gpu:
            compare(args, f"forward pass in {args.dtype}", tokens, "tokens", "transformers in bf16",
                    lambda: own(args, hidden), peer_forward(args, ids, "bfloat16"))
            return
        for dtype in dict.fromkeys(["float32", stored]):
            short = {"float32": "f32", "bfloat16": "bf16", "float16": "f32"}[dtype]
            peer = peer_forward(args, ids, dtype)
            for ours in dict.fromkeys(["f32", short]):
                compare(args, f"forward pass in {ours}", tokens, "tokens", f"transformers in {dtype}",
                        lambda: own(args, [*hidden, "--dtype", ours]), peer)
        if args.only_forward:
            return
        corpus = ["--corpus", args.corpus, "--samples", args.samples, "--context", args.context]
        measure = [args.infoplane, "measure", args.model, *corpus, "--max-order", 3, "--backend", "cpu"]
        # Measured, not looked up, and with one set of reference points as the other side has.
        measure += ["--no-store", "--reference-seeds", 1, "--out", f"{folder}/results.json"]
        compare(args, "measurement", positions, "positions", "LLMInferrer",
                lambda: own(args, measure), lambda: peer_measurement(args))


if __name__ == "__main__":
    main()
