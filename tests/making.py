"""Small facts tables for the tests."""

from __future__ import annotations

import pandas as pd

from finmodel.facts import check_facts


def facts(*rows: dict[str, object]) -> pd.DataFrame:
    base = {"firm": "acme", "currency": "CNY", "basis": "IFRS", "document": "acme-2020", "published_on": "2021-03-31",
            "read_from": "primary"}  # fmt: skip
    made = [{**base, **{k: str(v) for k, v in row.items()}} for row in rows]
    for given, row in zip(rows, made, strict=True):
        if "published_on" not in given and row["period_end"] > row["published_on"]:
            row["published_on"] = row["period_end"]  # nothing is known before its period ends
    return check_facts(pd.DataFrame(made))


def flow(item: str, value: float, start: str = "2020-01-01", end: str = "2020-12-31", **more: object) -> dict[str, object]:
    return {"line_item": item, "value": value, "period_start": start, "period_end": end, **more}


def instant(item: str, value: float, **more: object) -> dict[str, object]:
    return {"line_item": item, "value": value, "period_end": "2020-12-31", **more}


def cash(value: float, end: str = "2020-12-31", item: str = "cash_and_cash_equivalents", **more: object) -> dict[str, object]:
    return {"line_item": item, "value": value, "period_end": end, **more}
