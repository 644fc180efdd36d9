#!/usr/bin/env python3
"""What a position costs as the sample grows 1, 4 and 16 times.

    python3 -m venv venv && venv/bin/pip install -r benches/peer/requirements.txt
    cargo build --release
    venv/bin/python benches/linearity.py [--model FOLDER] [--repeats 5]

The documents are the demo's text cut every 128 tokens, each used once: a text repeated would have labels that a text
of its length never has. All scores go to a store, as those of larger models do by default. Prints the median
microseconds a position, by the clock and of CPU time in the program and in the system (which clears a page for all
that is written), sizes by turns.
"""

import argparse
import pathlib
import resource
import statistics
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
RUN = ROOT / "assets/demo/gutenberg-1m"
LENGTH, LARGEST_ORDER = 128, 4


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=pathlib.Path, default=RUN / "step2000")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--infoplane", type=pathlib.Path, default=ROOT / "target/release/infoplane")
    return parser.parse_args()


def documents():
    """All token ids of the demo's text, [documents, LENGTH]."""
    import json

    import numpy as np
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(RUN / "tokenizer.json"))
    lines = open(ROOT / "assets/demo/books-sample.jsonl")
    ids = np.concatenate([tokenizer.encode(json.loads(line)["text"]).ids for line in lines]).astype(np.int32)
    return ids[: len(ids) // LENGTH * LENGTH].reshape(-1, LENGTH)


def measure(args, file, folder):
    """Seconds by the clock, and of CPU time in the program and in the system."""
    command = [args.infoplane, "measure", args.model, "--tokens", file, "--samples", "1000000", "--backend", "cpu"]
    with tempfile.TemporaryDirectory(dir=folder) as store:
        command += ["--store", store, "--store-scores", "always", "--out", f"{folder}/results.json"]
        before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        subprocess.run([*map(str, command)], capture_output=True, check=True)
        seconds, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    return seconds, after.ru_utime - before.ru_utime, after.ru_stime - before.ru_stime


def main():
    args = arguments()
    import numpy as np
    from safetensors.numpy import save_file

    ids = documents()
    sizes = [len(ids) // 16 * factor for factor in (1, 4, 16)]
    # Spread over the text, so that every size has of all books.
    order = np.random.default_rng(0).permutation(len(ids))
    with tempfile.TemporaryDirectory() as folder:
        files = []
        for size in sizes:
            files.append(f"{folder}/{size}.safetensors")
            offsets = np.arange(size + 1, dtype=np.int64) * LENGTH
            save_file({"tokens": ids[order[:size]].reshape(-1), "offsets": offsets}, files[-1])
        measure(args, files[-1], folder)
        turns = [[measure(args, file, folder) for file in files] for _ in range(args.repeats)]
    for index, size in enumerate(sizes):
        positions = size * (LENGTH - 2 * LARGEST_ORDER + 1)
        clock, program, system = ([1e6 * turn[index][kind] / positions for turn in turns] for kind in range(3))
        print(
            f"{size} documents, {positions:,} positions: {statistics.median(clock):.1f} us a position "
            f"({min(clock):.1f} to {max(clock):.1f}), CPU time {statistics.median(program):.1f} us in the program "
            f"and {statistics.median(system):.1f} us in the system"
        )


if __name__ == "__main__":
    main()
