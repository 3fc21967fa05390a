"""What the kernel reads: parameters per quarter, scenarios as levers, and what is drawn before the paths."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from finmodel.simulate.specification import BLOCKS, PARAMETERS, Firm, Floats

if TYPE_CHECKING:
    from finmodel.kernel import Inputs

QUARTER = 0.25
"""Years."""


def firm_hash(name: str) -> np.uint64:
    """Return the 64 bits that key a firm's random numbers."""
    return np.uint64(int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), "little"))


def uniforms(seed: int, stream: int, firm: str | None, paths: int, quarters: int) -> npt.NDArray[np.float32]:
    """Return uniform numbers in (0, 1] of the kernel's generator, (quarters, paths), for what is drawn outside it.

    Parameters
    ----------
    seed : int
    stream : int
        64 to 65,535; the lower ones belong to the kernel.
    firm : str or None
        None for what all firms share.
    paths, quarters : int
    """
    from finmodel.generator import fill_uniforms

    if not 64 <= stream <= 65_535:
        raise ValueError(f"stream is {stream}; it must be from 64 to 65535")
    out = np.empty((quarters, paths), np.float32)
    fill_uniforms(out, np.uint64(seed), np.uint64(0) if firm is None else firm_hash(firm), stream)
    return out


def market_window(seed: int, paths: int, quarters: int, opening: float, shutting: float, start: float) -> npt.NDArray[np.uint8]:
    """Return whether the market window is open, (quarters, paths): a two-state chain that all firms share.

    Parameters
    ----------
    seed, paths, quarters : int
    opening, shutting : float
        Probability per quarter that a shut window opens, an open one shuts.
    start : float
        Probability that it is open in the first quarter.
    """
    from finmodel.generator import fill_uniforms
    from finmodel.kernel import WINDOW

    luck = np.empty((quarters, paths), np.float32)
    fill_uniforms(luck, np.uint64(seed), np.uint64(0), WINDOW)
    window = np.empty((quarters, paths), np.uint8)
    window[0] = luck[0] <= start
    for q in range(1, quarters):
        window[q] = np.where(window[q - 1] == 1, luck[q] > shutting, luck[q] <= opening)
    return window


def derive(parameters: Mapping[str, float | Floats]) -> npt.NDArray[np.float32]:
    """Return the kernel's parameters per quarter, one row each, one column per draw."""
    from finmodel.kernel import DERIVED

    p = {d.name: np.atleast_1d(np.asarray(parameters.get(d.name, d.default), dtype=float)) for d in PARAMETERS}
    draws = max(v.size for v in p.values())
    speed, paid = p["mean_reversion"], 1 - p["loss_rate"]
    before = 1 / np.where(paid > 0, paid, 1)  # the kernel's receivables are before provisions: a loss leaves them when the rest is paid
    lag = p["collection_lag"] * before
    keep = np.exp(-speed * QUARTER)
    spread = np.sqrt(np.where(speed > 0, -np.expm1(-2 * speed * QUARTER) / np.where(speed > 0, 2 * speed, 1), QUARTER))
    first, second = collection_rates(lag, p["first_half_revenue"], p["first_half_collections"])
    rows = {
        "liquid": p["liquid_funds"] - p["barrier"],
        "revenue_start": p["revenue"],
        "growth_start": p["growth"] * QUARTER,
        "growth_mean": p["long_run_growth"] * QUARTER,
        "growth_keep": keep,
        "growth_sd": p["growth_volatility"] * spread * QUARTER,
        "sigma_long": p["long_run_volatility"] * np.sqrt(QUARTER),
        "sigma_gap": (p["revenue_volatility"] - p["long_run_volatility"]) * np.sqrt(QUARTER),
        "sigma_keep": np.exp(-p["volatility_decay"] * QUARTER),
        "cash_sd": p["cash_volatility"],
        "market": p["market_loading"],
        "own": np.sqrt(1 - p["market_loading"] ** 2),
        "billed_first": 2 * p["first_half_revenue"],
        "billed_second": 2 - 2 * p["first_half_revenue"],
        "collected_first": first,
        "collected_second": second,
        "lag": lag,
        "paid": paid,
        "due": p["receivables"] * before,
        **{f"cost_{k}": p[b] * (1 - p[f"{b}_noncash"]) for k, b in enumerate(BLOCKS)},
        **{f"drift_{k}": p[f"{b}_drift"] * QUARTER for k, b in enumerate(BLOCKS)},
        **{f"up_{k}": p[f"{b}_up"] for k, b in enumerate(BLOCKS)},
        **{f"down_{k}": p[f"{b}_down"] for k, b in enumerate(BLOCKS)},
        "cut_trigger": p["cut_trigger"],
        "cut_lag": np.maximum(np.rint(p["cut_lag"]), 1),
        "cut_size": p["cut_size"],
        "severance": p["severance"],
        "capex_share": p["capex_share"],
        "capex_fixed": p["capex_fixed"],
        "steady": p["other_income"] - p["debt_service"],
        "barrier": p["barrier"],
    }
    out = np.empty((len(DERIVED), draws), np.float32)
    for k, name in enumerate(DERIVED):
        out[k] = rows[name]
    return out


def collection_rates(lag: Floats, revenue: Floats, collections: Floats) -> tuple[Floats, Floats]:
    """Return the share of what is due that is collected in a quarter of the first and of the second half.

    In a steady year they give receivables of `lag` quarters of revenue at the year's end, and `collections` as the first half's share.
    With annual revenue 1, receivables S at the year's end and a share q = 1 - rate left after a quarter of revenue r, two quarters
    turn S into ((S + r) q + r) q; the rates solve this for both halves.

    Examples
    --------
    >>> collection_rates(np.array([1.0]), np.array([0.5]), np.array([0.5]))
    (array([0.5]), array([0.5]))
    """
    end = lag / 4
    middle = np.maximum(end + revenue - collections, 0.0)

    def left(start: Floats, quarter: Floats, finish: Floats) -> Floats:
        share: Floats = (np.sqrt(quarter**2 + 4 * (start + quarter) * finish) - quarter) / (2 * (start + quarter))
        return share

    return 1 - left(end, revenue / 2, middle), 1 - left(middle, (1 - revenue) / 2, end)


def build_inputs(firm: Firm, quarters: int) -> Inputs:
    """Return what the kernel reads for one firm."""
    from finmodel.kernel import JUMPS, Inputs, Levers

    x = firm.scenarios
    count = np.zeros((len(x.names), quarters), np.int64)
    at, amount = np.zeros((2, len(x.names), quarters, JUMPS), np.float32)
    for s, jumps in enumerate(x.jumps):
        for q, fraction, cny in sorted(jumps):
            at[s, q, count[s, q]], amount[s, q, count[s, q]] = fraction, cny
            count[s, q] += 1
    log_revenue = np.log(np.concatenate([np.ones((len(x.names), 4)), x.revenue], axis=1))
    columns = {
        **{k: getattr(x, k) for k in ("revenue", "lag", "capex", "flow", "listing_size", "redemption")},
        **{f"cost_{k}": x.cost[:, k] for k in range(4)},
        "revenue_step": np.diff(log_revenue, axis=1)[:, 3:],
        "revenue_year": (log_revenue[:, 4:] - log_revenue[:, :-4]) / 4,
        "cuts": x.cuts[:, None],
        "constant_days": x.constant_days[:, None],
        "listing_sd": x.listing_sd,
    }
    levers = np.empty((len(x.names), quarters, len(Levers._fields)), np.float32)
    for k, name in enumerate(Levers._fields):
        levers[:, :, k] = columns[name]
    return Inputs(
        derived=derive(firm.parameters),
        first_half=np.array([(firm.starts_in - 1 + q) % 4 < 2 for q in range(quarters)]),
        levers=levers,
        jumps=count,
        jump_at=at,
        jump_amount=amount,
        hazard=np.ascontiguousarray(x.hazard, np.float32),
        size=np.ascontiguousarray(x.size, np.float32),
        channel=np.ascontiguousarray(np.stack([x.size_sd, x.shut, x.rest, x.stage], axis=1), np.float32),
        window=np.ascontiguousarray(x.window, np.uint8),
        listed_at=np.ascontiguousarray(x.listed_at, np.int16),
    )
