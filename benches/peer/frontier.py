#!/usr/bin/env python3
"""The frontier of a text's word pairs by numpy and scipy, beside infoplane's, on one machine.

    python3 -m venv venv && venv/bin/pip install numpy scipy
    venv/bin/python benches/peer/frontier.py TEXT

Words are what space separates, pairs are of one line. The Python side is what a careful user would write: the
self-consistent iteration as products of a sparse with a dense matrix in float32, logarithms instead of quotients, atoms
seeded where rows are far apart and followed from a large β to a small one, an atom of its own for each x on a copy. It makes
about as many passes and skips the refinement of β, so its curve is the coarser one; scipy's products use one core. Prints
seconds and passes of both, and I(Y;Z) at some I(X;Z) in nats.
"""

import argparse
import collections
import pathlib
import subprocess
import time

import numpy as np
from scipy import sparse

ROOT = pathlib.Path(__file__).resolve().parents[2]
DOWN = [4, 3.5, 3, 2.75, 2.5, 2.25, 2.125, 2, 1.9, 1.8, 1.7, 1.6, 1.5, 1.4, 1.3, 1.2, 1.15, 1.1, 1.05]
UP = [5, 6, 8, 12, 20]
AT = [0.5, 1, 2, 4]
# Of the codebook, as the bench has them.
ATOMS = 96


def counted(text):
    """Pairs of words with their counts, labels that tell the same made one."""
    ids, counts = {}, collections.Counter()
    for line in open(text):
        words = [ids.setdefault(word, len(ids)) for word in line.split()]
        counts.update(zip(words, words[1:]))
    pairs = np.array(list(counts))
    joint = sparse.csr_matrix((np.array(list(counts.values()), float), (pairs[:, 0], pairs[:, 1])))
    for _ in range(2):
        joint = merged(joint).T.tocsr()
    return joint / joint.sum()


def merged(joint):
    """Proportional rows as one; rows without mass left out."""
    joint.sort_indices()
    classes = {}
    for row in range(joint.shape[0]):
        span = slice(joint.indptr[row], joint.indptr[row + 1])
        values = joint.data[span].astype(np.int64)
        if len(values):
            key = joint.indices[span].tobytes() + (values // np.gcd.reduce(values)).tobytes()
            classes.setdefault(key, []).append(row)
    rows = [(number, row) for number, same in enumerate(classes.values()) for row in same]
    numbers, rows = np.array(rows).T
    fold = sparse.csr_matrix((np.ones(len(rows)), (numbers, rows)), (len(classes), joint.shape[0]))
    return (fold @ joint).tocsr()


class Search:
    def __init__(self, joint):
        self.px, self.py = (np.asarray(joint.sum(axis)).ravel() for axis in (1, 0))
        of_x, of_y = sparse.diags(1 / self.px) @ joint, sparse.diags(1 / self.py) @ joint.T
        self.by_row, self.by_column = of_x.tocsr().astype(np.float32), of_y.tocsr().astype(np.float32)
        entries = of_x.tocoo()
        terms = entries.data * np.log(entries.data / self.py[entries.col])
        self.divergence = np.bincount(entries.row, terms, len(self.px))
        self.information = self.px @ self.divergence
        self.passes = 0

    def encode(self, logs, weights, beta, private):
        terms = np.log(weights).astype(np.float32) + np.float32(beta) * (self.by_row @ logs)
        most = terms.max(1)
        np.exp(terms - most[:, None], out=terms)
        total = terms.sum(1)
        log_z = most + np.log(total) - beta * self.divergence
        log_x = np.log(self.px)
        shared = np.exp(np.minimum(log_z - log_x, 0)) if private else np.ones(len(self.px))
        energy = -self.px @ (np.maximum(log_z, log_x) if private else log_z)
        terms *= (shared / total)[:, None]
        self.passes += 1
        return terms, 1 - shared, energy

    def describe(self, shares):
        weights = self.px @ shares
        alive = weights > 1e-12
        shares, weights = shares[:, alive], weights[alive]
        return np.log(np.maximum(self.by_column @ shares, 1e-30) / weights.astype(np.float32)), weights

    def settle(self, logs, weights, beta, most, private):
        last = np.inf
        for made in range(most):
            shares, _, energy = self.encode(logs, weights, beta, private)
            logs, weights = self.describe(shares)
            if made > 2 and last - energy < 1e-5 * beta:
                break
            last = energy
        return logs, weights

    def point(self, logs, weights, beta):
        shares, private, _ = self.encode(logs, weights, beta, True)
        shares = shares.astype(float)
        weights = self.px @ shares
        alone = self.px * private
        terms = shares * np.log(np.maximum(shares, 1e-300))
        entropy = -(weights * np.log(np.maximum(weights, 1e-300))).sum()
        complexity = entropy + self.px @ terms.sum(1) - alone @ np.log(self.px)
        ratio = self.by_column.astype(float) @ shares / np.maximum(weights, 1e-300)
        told = self.py @ (ratio * np.log(np.maximum(ratio, 1e-300)) * weights).sum(1)
        return complexity, told + alone @ self.divergence

    def seeded(self, atoms, seed):
        random, chosen, distance = np.random.default_rng(seed), [], self.divergence
        while len(chosen) < atoms:
            wanted = min(max(1, len(chosen)), atoms - len(chosen))
            rates = self.px * distance
            rates[chosen] = 0
            chosen += list(random.choice(len(rates), wanted, False, rates / rates.sum()))
            rows = self.by_row[chosen].toarray().T / self.py[:, None]
            logs = np.log(0.5 + 0.5 * rows).astype(np.float32)
            distance = np.maximum(np.minimum(distance, self.divergence - (self.by_row @ logs).max(1)), 0)
        return logs, np.full(atoms, 1 / atoms)

    def curve(self, atoms):
        book = top = self.settle(*self.seeded(atoms, 0), 4, 30, False)
        points = [(0, 0), (-(self.px @ np.log(self.px)), self.information)]
        for beta in DOWN:
            book = self.settle(*book, beta, 12, False)
            points.append(self.point(*self.settle(*book, beta, 6, True), beta))
        for beta in UP:
            top = self.settle(*top, beta, 5, False)
            points.append(self.point(*self.settle(*top, beta, 6, True), beta))
        return points


def height(points, at):
    """The upper concave hull of points there."""
    below = [point for point in points if point[0] <= at]
    above = [point for point in points if point[0] > at]
    chords = [y + (at - x) * (v - y) / (u - x) for x, y in below for u, v in above]
    return max(chords + [y for _, y in below])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("text", type=pathlib.Path)
    args = parser.parse_args()
    joint = counted(args.text)
    start = time.perf_counter()
    search = Search(joint)
    points = search.curve(ATOMS)
    seconds = time.perf_counter() - start
    heights = " ".join(f"{height(points, at):.4f}" for at in AT)
    size = f"{joint.shape[0]} rows, {joint.nnz} entries"
    print(f"scipy: {size}, {search.passes} passes, {seconds:.1f} s, I(Y;Z) at {AT}: {heights}", flush=True)
    bench = ["cargo", "bench", "--bench", "frontier", "--", f"words={args.text.resolve()}"]
    print(subprocess.run(bench, cwd=ROOT, check=True, text=True, stdout=subprocess.PIPE).stdout)


if __name__ == "__main__":
    main()
