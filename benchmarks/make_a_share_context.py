"""Make data/a_share_cost_ratio.csv: where a cost ratio of 1.85 stands among A-share firms, FY 2019-2021.

usage: python benchmarks/make_a_share_context.py FOLDER [OUT]

FOLDER holds the four workbooks of the A-share panel (see finmodel.loaders.a_share). Only the aggregates computed here ship.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pandas as pd

from finmodel.data import written
from finmodel.loaders.a_share import a_share_identities, read_a_share_panel

ARTICLE_RATIO = 1.85
QUANTILES = (0.01, 0.05, 0.10, 0.25, 0.50, 0.75, 0.90, 0.95, 0.99)
FOUR_ITEMS = ["cost_of_sales", "selling", "administrative", "research_and_development"]
SOURCE = (
    "github.com/MetaGLM/FinGLM@ff48a9dc5e6c7f9d9a9c6120024dccefd8cbaa80: profit_statement.xlsx "
    "(annual reports read by machine, -1 = not found)"
)


def ratios(panel: pd.DataFrame) -> pd.DataFrame:
    """Return one row per firm-year and definition with revenue above zero: definition, sample, year, ratio."""
    parts = ["taxes_and_surcharges", "net_finance_cost"]
    agrees = (panel[[*FOUR_ITEMS, *parts]].sum(axis=1, skipna=False) - panel["total_cost_of_operations"]).abs() <= 1.0
    definitions = {
        "total operating cost / total operating revenue": (panel["total_cost_of_operations"], panel["total_operating_revenue"]),
        "(cost of sales + selling + administrative + R&D) / revenue": (panel[FOUR_ITEMS].sum(axis=1, skipna=False), panel["revenue"]),
    }
    tables = []
    for name, (cost, revenue) in definitions.items():
        table = pd.DataFrame({"definition": name, "year": panel["year"], "published_on": panel["published_on"]})
        table = table.assign(ratio=cost / revenue, agrees=agrees)
        table = table[(revenue > 0) & table["ratio"].notna()]
        tables += [table.assign(sample="all"), table[table["agrees"]].assign(sample="cost lines add up to the total")]
    return pd.concat(tables, ignore_index=True)


def context(table: pd.DataFrame) -> pd.DataFrame:
    """Return n, quantiles and the share at or below the article's ratio, by definition and sample: all years, up to 2020, each year."""
    spans = {"2019-2021": (2019, 2021), "2019-2020": (2019, 2020), "2019": (2019, 2019), "2020": (2020, 2020), "2021": (2021, 2021)}
    rows = []
    for years, (first, last) in spans.items():
        chosen = table[table["year"].between(first, last)]
        published = published_by(chosen.loc[chosen["year"] == last, "published_on"])
        for (definition, sample), group in chosen.groupby(["definition", "sample"], sort=False):
            ratio = group["ratio"]
            row = {"definition": definition, "sample": sample, "years": years, "firm_years": len(ratio)}
            row |= {f"p{q * 100:02.0f}": f"{ratio.quantile(q):.4f}" for q in QUANTILES}
            row |= {"threshold": ARTICLE_RATIO, "above_threshold": int((ratio > ARTICLE_RATIO).sum())}
            row |= {"percentile_of_threshold": f"{100 * (ratio <= ARTICLE_RATIO).mean():.2f}"}
            rows.append(row | {"published_by": published})
    return pd.DataFrame(rows).assign(made_by="benchmarks/make_a_share_context.py", source=SOURCE)


def published_by(days: pd.Series) -> str:
    """Return the day by which nineteen of twenty reports had been published (the panel gives the day of the latest version of each)."""
    return str(sorted(days)[int(0.95 * len(days))])


def main() -> None:
    folder = Path(sys.argv[1])
    out = Path(sys.argv[2]) if len(sys.argv) > 2 else Path(__file__).parent.parent / "data" / "a_share_cost_ratio.csv"
    panel = read_a_share_panel(folder)
    print(f"{len(panel):,} firm-years of {panel['firm'].nunique():,} firms")
    print(a_share_identities(panel).to_string(index=False))
    table = context(ratios(panel))
    print(table.drop(columns=["made_by", "source"]).to_string(index=False))
    with written(out) as temporary:
        table.to_csv(temporary, index=False, lineterminator="\n")


if __name__ == "__main__":
    main()
