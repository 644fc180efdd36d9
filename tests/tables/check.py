"""Reads results as a Python user would, compares every number with the JSON of the same measurement, and leaves the table
sorted, reversed, doubled and below another: `check.py RESULTS.parquet RESULTS.json OTHER_SETTINGS.parquet FOLDER`."""

import json
import pathlib
import sys

import polars as pl

table, document, other = pl.read_parquet(sys.argv[1]), json.load(open(sys.argv[2])), pl.read_parquet(sys.argv[3])

# The table needs no metadata: its settings stand beside every row.
(of_condition,) = document["conditions"]
settings = dict(of_condition["settings"])
assert settings.pop("text") == pathlib.Path(table["corpus"][0]).name
for name, value in settings.items():
    assert table[name].unique().to_list() == [value], (name, table[name].unique())
assert table["schema"].unique().to_list() == [document["schema"]]
assert table["condition"].unique().to_list() == [of_condition["condition"]]
assert table["condition"][0] != other["condition"][0]


compared = 0
for checkpoint in of_condition["checkpoints"]:
    rows = table.filter(pl.col("checkpoint") == checkpoint["name"])
    for name, value in checkpoint["provenance"].items():
        assert rows[name].unique().to_list() == [value], (name, rows[name].unique())
    if "error" in checkpoint:
        assert rows["error"].to_list() == [checkpoint["error"]]
        continue
    assert rows["error"].null_count() == len(rows)
    assert set(rows["step"]) == {checkpoint["step"]}
    rows = rows.filter(pl.col("measure") != "convergence")
    assert set(rows["positions"]) == {checkpoint["positions"]}
    keys = rows.select("layer", "label", "measure").rows()
    values = dict(zip(keys, rows["value"]))
    assert len(values) == len(rows), "a key is there twice"
    for name in "loss", "temperature":
        assert values["mean", "", name] == checkpoint[name]
    for layer in checkpoint["layers"] + [checkpoint["mean"]]:
        index = str(layer.get("layer", "mean"))
        assert values[index, "", "entropy"] == layer["entropy"]
        assert values[index, "", "spread"] == layer["entropy_spread"]
        for label, measures in layer["labels"].items():
            for measure, value in measures.items():
                assert values[index, label, measure] == value, (index, label, measure)
                compared += 1
        for order, optimality in layer["optimality"].items():
            assert values[index, order, "optimality"] == optimality["value"], (index, order)
            assert values[index, order, "spread"] == optimality["spread"], (index, order)
            compared += 2

# The question most asked: complexity and expressivity of every checkpoint, averaged over layers.
plane = (
    table.filter(
        pl.col("layer") == "mean",
        pl.col("measure") == "information",
        pl.col("label").is_in(["input:token", "output:token"]),
    )
    .pivot("label", index=["checkpoint", "step"], values="value")
    .sort("step")
)
measured = [c for c in of_condition["checkpoints"] if "error" not in c]
assert plane["input:token"].to_list() == [c["mean"]["labels"]["input:token"]["information"] for c in measured]

folder = pathlib.Path(sys.argv[4])
for name, changed in {
    "sorted": table.sort("layer", "measure", "label", nulls_last=False),
    "reversed": table.reverse(),
    "twice": pl.concat([table, table]),
    "two-settings": pl.concat([table, other]),
}.items():
    changed.write_parquet(folder / f"{name}.parquet")
print(compared)
