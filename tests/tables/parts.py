"""Reads a folder of parts with polars and with DuckDB, compares both with each other and with the merged tables, and leaves
what each made of the parts, in another order: `parts.py PARTS MERGED.csv MERGED.parquet FOLDER`."""

import pathlib
import sys

import duckdb
import polars as pl

parts, merged_csv, merged, folder = map(pathlib.Path, sys.argv[1:])

whole = pl.read_parquet(merged)
columns = whole.columns
# What tells rows apart that are otherwise alike; convergence has a row for each number of documents.
key = ["condition", "run", "checkpoint", "layer", "label", "measure", "documents"]


def by_duckdb(source):
    """What DuckDB reads, each column as the merged table has it."""
    names = ", ".join(columns)
    return pl.DataFrame(duckdb.sql(f"select {names} from {source}").fetchall(), schema=whole.schema, orient="row")


def rows(table):
    return table.select(columns).sort(key, nulls_last=True).rows()


by_polars = pl.read_parquet(parts / "*.parquet")
assert len(by_polars) == len(whole) > 100
assert rows(by_polars) == rows(whole), "polars reads other rows"
assert rows(by_duckdb(f"'{parts}/*.parquet'")) == rows(whole), "DuckDB reads other rows"

# The text of numbers is exact too. Columns that are empty in a part are of no type there.
types = {name: whole.schema[name] for name in columns}
of_csv = pl.concat(pl.read_csv(part, schema_overrides=types) for part in sorted(parts.glob("*.csv")))
# CSV knows no empty text beside none.
empty = pl.col(pl.String).replace("", None)
assert rows(of_csv.with_columns(empty)) == rows(whole.with_columns(empty)), "polars reads other rows of CSV"
types = ", ".join(f"'{name}': '{kind}'" for name, kind in duckdb.sql(f"select column_name, column_type from "
    f"(describe select * from '{merged}')").fetchall())
csv = by_duckdb(f"read_csv('{parts}/*.csv', types={{{types}}})")
assert rows(csv.with_columns(empty)) == rows(whole.with_columns(empty)), "DuckDB reads other rows of CSV"

# Both agree on the question most asked.
asked = "layer = 'mean' and measure = 'information'"
question = f"select run, checkpoint, label, value from '{parts}/*.parquet' where {asked} order by all"
plane = duckdb.sql(question).fetchall()
same = by_polars.filter(pl.col("layer") == "mean", pl.col("measure") == "information")
assert plane == sorted(same.select("run", "checkpoint", "label", "value").rows())

mixed = by_polars.sort("value", nulls_last=True)
mixed.write_parquet(folder / "polars.parquet")
mixed.write_csv(folder / "polars.csv")
for name, form in ("duckdb.parquet", "parquet"), ("duckdb.csv", "csv"):
    duckdb.sql(f"copy (select * from '{parts}/*.parquet' order by label, layer, value) to '{folder / name}' (format {form})")
