"""Reads results as a Python user would and compares every number with the JSON of the same measurement."""

import json
import sys

import polars as pl

table, document = pl.read_parquet(sys.argv[1]), json.load(open(sys.argv[2]))
settings = json.loads(pl.read_parquet_metadata(sys.argv[1])["infoplane.settings"])
assert settings == document["settings"], settings

compared = 0
for checkpoint in document["checkpoints"]:
    rows = table.filter(pl.col("name") == checkpoint["name"])
    if "error" in checkpoint:
        assert rows["error"].to_list() == [checkpoint["error"]]
        continue
    assert rows["error"].null_count() == len(rows)
    assert set(rows["step"]) == {checkpoint["step"]} and set(rows["loss"]) == {checkpoint["loss"]}
    for layer in checkpoint["layers"] + [checkpoint["mean"]]:
        index = layer.get("layer")
        of_layer = rows.filter(pl.col("layer").is_null() if index is None else pl.col("layer") == index)
        values = {(order, name): value for order, name, value in of_layer.select("order", "measure", "value").rows()}
        assert values[None, "entropy"] == layer["entropy"]
        for order, measures in layer["orders"].items():
            for name, value in measures.items():
                if value is not None:
                    assert values[order, name] == value, (index, order, name)
                    compared += 1

# The question most asked: complexity and expressivity of every checkpoint, averaged over layers.
plane = (
    table.filter(pl.col("layer").is_null(), pl.col("order") == "token", pl.col("measure").is_in(["input", "output"]))
    .pivot("measure", index=["name", "step"], values="value")
    .sort("step")
)
measured = [c for c in document["checkpoints"] if "error" not in c]
assert plane["input"].to_list() == [c["mean"]["orders"]["token"]["input"] for c in measured]
print(compared)
