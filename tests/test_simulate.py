"""The kernel against closed forms, against an independent implementation, and against itself split otherwise."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from finmodel import generator, kernel
from finmodel.errors import DataError
from finmodel.simulate import (
    LEVELS,
    NEVER,
    PARAMETERS,
    Firm,
    Paths,
    Scenarios,
    build_inputs,
    collection_rates,
    firm_hash,
    market_window,
    simulate,
    summarise,
    uniforms,
)
from tests import numpy_twin
from tests.numpy_twin import FULL

MILLION = 1_000_000
STILL = {
    **{p.name: 0.0 for p in PARAMETERS if p.default is None},
    "liquid_funds": 1.0,
    "revenue": 1.0,
    "loss_rate": 1.0,
}
"""A firm in which nothing moves: revenue of 1 that is never collected, no cost."""


def firm(quarters: int, scenarios: Scenarios | None = None, name: str = "firm", starts_in: int = 1, **parameters: Any) -> Firm:
    return Firm(name, {**STILL, **parameters}, scenarios or Scenarios.plain(["baseline"], quarters), starts_in)


def full(quarters: int, paths: int, name: str = "firm") -> Firm:
    """Three scenarios in which everything the model knows happens."""
    three = np.array([1.0, 0.9, 0.95])[:, None]
    scenarios = Scenarios.plain(
        ["baseline", "ban", "constant days"],
        quarters,
        channels=3,
        revenue=three ** np.linspace(0, 1, quarters),
        cost=np.array([1.0, 0.95, 1.0])[:, None, None],
        lag=1 / three,
        capex=three,
        flow=np.array([[-1e7], [-2e7], [0.0]]),
        jumps=(((3, 0.4, 1e9), (3, 0.7, -5e8), (6, 0.0, 2e8)), ((2, 0.9, 1e9),), ((3, 0.4, 1e9),)),
        cuts=[1, 0, 1],
        constant_days=[False, False, True],
        hazard=np.array([0.1, 0.05, 0.1])[:, None, None],
        size=5e8,
        size_sd=[0.5, 0.2, 0.0],
        shut=[0.2, 1.0, 0.5],
        rest=[4, 0, 2],
        stage=[0, 1, -1],
        window=market_window(5, paths, quarters, 0.3, 0.1, 0.8),
        listed_at=np.tile((np.arange(paths) % 41 - 1).astype(np.int16), (3, 1)),
        listing_size=1e9,
        listing_sd=0.3,
        redemption=np.where(np.arange(quarters) == 12, 5e8, 0.0),
    )
    return Firm(name, FULL, scenarios, starts_in=3)


def cash_out(result: Paths, scenario: int = 0) -> np.ndarray:
    """Share of paths out of cash by the end of each quarter."""
    return np.cumsum(result.counts.sum(axis=0)[scenario])[:-1] / result.paths


def assert_close(share: Any, exact: Any, paths: int) -> None:
    """Within three Monte Carlo errors of an exact probability."""
    exact = np.asarray(exact)
    error = np.sqrt(np.maximum(exact * (1 - exact), 1e-12) / paths)
    assert np.all(np.abs(share - exact) <= 3 * error), (share, exact, error)


def raw(firm: Firm, quarters: int, paths: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Counts and liquid funds (S, Q, paths), every path."""
    counts = np.zeros((1, len(firm.scenarios.names), quarters + 1), np.int64)
    sample = np.empty((len(firm.scenarios.names), quarters, paths), np.float32)
    kernel.run(build_inputs(firm, quarters), np.uint64(seed), firm_hash(firm.name), 0, paths, counts, sample)
    return counts, sample


# --- random numbers and elementary functions


def test_philox_known_answers() -> None:
    """The vectors published with Random123 (kat_vectors, philox4x32 10)."""
    words = np.empty(4 * 256, np.uint32)
    generator.philox(words, 0, 0, 0, np.uint64(0), np.uint64(0))
    assert [hex(words[k * 256]) for k in range(4)] == ["0x6627e8d5", "0xe169c58d", "0xbc57ac4c", "0x9b00dbd8"]
    seed, hash_ = np.uint64(0x299F31D0A4093822), np.uint64(0x0370734413198A2E)
    generator.philox(words, 0x243F6A88, 0x08D3, 0x85A3, hash_, seed)
    assert [hex(words[k * 256]) for k in range(4)] == ["0xd16cfe09", "0x94fdcceb", "0x5001e420", "0x24126ea1"]


def test_elementary_functions_are_as_good_as_float32() -> None:
    x = np.linspace(-86, 87, 20_001).astype(np.float32)
    assert max(abs(float(generator.exp(v)) / math.exp(float(v)) - 1) for v in x) < 2e-7
    u = np.exp(np.linspace(-22, 0, 20_001)).astype(np.float32)
    assert max(abs(float(generator.log(v)) - math.log(float(v))) for v in u) < 2e-6


def test_normals_are_normal_and_independent() -> None:
    words, out = np.empty(4 * 256, np.uint32), np.empty(4 * 256, np.float32)
    draws = []
    for path in range(0, MILLION, 256):
        generator.philox(words, path, 3, 1, np.uint64(11), np.uint64(7))
        generator.normals(words, out)
        draws.append(out.reshape(4, 256).copy())
    z = np.concatenate(draws, axis=1).astype(float)
    for row in z:
        assert stats.kstest(row, "norm").pvalue > 1e-3
    assert np.abs(np.corrcoef(z) - np.eye(4)).max() < 4e-3
    assert np.abs(np.corrcoef(z**2) - np.eye(4)).max() < 4e-3
    assert_close(np.mean(np.abs(z) > 4), 2 * stats.norm.sf(4), z.size)


def test_uniforms_are_keyed_by_what_they_are_for() -> None:
    one = uniforms(7, 64, "sensetime", 1000, 8)
    assert np.array_equal(one[:4, :300], uniforms(7, 64, "sensetime", 300, 4))
    others = [uniforms(8, 64, "sensetime", 1000, 8), uniforms(7, 65, "sensetime", 1000, 8), uniforms(7, 64, "yitu", 1000, 8)]
    others.append(uniforms(7, 64, None, 1000, 8))
    for other in others:
        assert abs(np.corrcoef(one.ravel(), other.ravel())[0, 1]) < 0.05
    with pytest.raises(ValueError, match="stream is 3"):
        uniforms(7, 3, None, 10, 1)


# --- closed forms


@pytest.mark.parametrize(("drift", "table"), [(-0.3, (0.4158, 0.3409)), (0.0, (0.1569, 0.1109)), (0.3, (0.0380, 0.0224))])
def test_brownian_cash_with_drift(drift: float, table: tuple[float, float]) -> None:
    """Cash 1, volatility 0.5 a year: the first passage is inverse Gaussian; the table of the model's description is met too."""
    out = firm(8, other_income=drift / 4, cash_volatility=0.25)
    counts, sample = raw(out, 8, MILLION, seed=7)
    share = np.cumsum(counts[0, 0])[:-1] / MILLION
    years = np.arange(1, 9) / 4
    up, down = (-1 - drift * years) / (0.5 * np.sqrt(years)), (-1 + drift * years) / (0.5 * np.sqrt(years))
    exact = stats.norm.cdf(up) + math.exp(-2 * drift / 0.25) * stats.norm.cdf(down)
    assert_close(share, exact, MILLION)
    if drift < 0:  # the law of the first passage, from scipy
        assert exact == pytest.approx(stats.invgauss.cdf(years, mu=(1 / -drift) / 4, scale=4))
    at_quarter_ends = np.mean(np.any(sample[0] <= 0, axis=0))
    assert_close([share[-1], at_quarter_ends], table, MILLION / 2)  # both sides are Monte Carlo
    assert at_quarter_ends < 0.83 * share[-1]


def test_brownian_cash_split_by_dated_jumps() -> None:
    """Jumps of nothing change no probability; a jump that takes cash to the barrier ends every path."""
    nothing = tuple((q, f, 0.0) for q in range(8) for f in (0.0, 0.3, 0.31, 0.9))
    fatal = ((5, 0.5, -1e6),)
    scenarios = Scenarios.plain(["split", "fatal"], 8, jumps=(nothing, fatal))
    result = simulate([firm(8, scenarios, other_income=-0.075, cash_volatility=0.25)], 8, MILLION, seed=3)[0]
    t = np.arange(1, 9) / 4
    exact = stats.invgauss.cdf(t, mu=(1 / 0.3) / 4, scale=4)
    assert_close(cash_out(result), exact, MILLION)
    assert_close(cash_out(result, 1)[:5], exact[:5], MILLION)
    assert cash_out(result, 1)[5] == 1.0


def test_brownian_cash_with_a_jump_in_mid_quarter() -> None:
    """One downward jump at t0: the joint law of level and survival at t0 integrated over what is left."""
    x0, s, t0, end, jump = 1.0, 0.5, 1.375, 2.0, -0.4
    grid = np.linspace(0, 6, 200_001)
    survives = stats.norm.pdf(grid, x0, s * math.sqrt(t0)) - stats.norm.pdf(grid, -x0, s * math.sqrt(t0))
    left = grid + jump
    later = np.where(left > 0, 1 - 2 * stats.norm.cdf(-left / (s * math.sqrt(end - t0))), 0.0)
    exact = 1 - np.trapezoid(survives * later, grid)
    scenarios = Scenarios.plain(["jump"], 8, jumps=(((5, 0.5, jump),),))
    result = simulate([firm(8, scenarios, cash_volatility=0.25)], 8, MILLION, seed=11)[0]
    assert_close(cash_out(result)[-1], exact, MILLION)


def test_deterministic_runway_linear_and_geometric() -> None:
    linear = simulate([firm(12, liquid_funds=10.0, debt_service=1.3)], 12, 512)[0]
    assert linear.counts.sum(axis=0)[0, 7] == 512  # 10 / 1.3 = 7.7: in the eighth quarter
    growth = 0.8  # a year: the cost of quarter k (from 1) is e^(0.2 k)
    geometric = simulate([firm(12, liquid_funds=10.0, administrative=1.0, administrative_drift=growth)], 12, 512)[0]
    spent = np.cumsum(np.exp(growth / 4 * np.arange(1, 13)))
    assert geometric.counts.sum(axis=0)[0, int(np.argmax(spent >= 10.0))] == 512
    assert geometric.cash[0, :, -1] == pytest.approx(10.0 - spent, rel=1e-5)
    barrier = simulate([firm(12, liquid_funds=10.0, debt_service=1.3, barrier=5.0)], 12, 512)[0]
    assert barrier.counts.sum(axis=0)[0, 3] == 512


def growth_and_revenue(parameters: dict[str, float], quarters: int, paths: int) -> tuple[np.ndarray, np.ndarray]:
    """Growth (per quarter) and revenue of every path and quarter, straight from the kernel's step."""
    x = build_inputs(firm(quarters, **parameters), quarters)
    w, words = np.zeros(256 * len(kernel.R), np.float32), np.empty(4 * 256, np.uint32)
    growth, revenue = np.empty((2, quarters, paths))
    for path in range(0, paths, 256):
        kernel._load(w, x.derived, path)
        for q in range(quarters):
            kernel._draw(w, words, path, q, False, np.uint64(1), np.uint64(2))
            kernel._grow(w, x.window[q], path)
            growth[q, path : path + 256] = w[kernel.R.growth : kernel.R.growth + 256]
            revenue[q, path : path + 256] = w[kernel.R.revenue : kernel.R.revenue + 256]
    return growth, revenue


def test_ornstein_uhlenbeck_moments_and_log_normal_revenue() -> None:
    g0, m, k, eta, sigma, paths = 0.5, 0.1, 0.8, 0.3, 0.25, 3_906 * 256
    parameters = {"growth": g0, "long_run_growth": m, "mean_reversion": k, "growth_volatility": eta}
    parameters |= {"revenue_volatility": sigma, "long_run_volatility": sigma, "market_loading": 0.6}
    growth, revenue = growth_and_revenue(parameters, 8, paths)
    t = np.arange(1, 9) / 4
    mean, variance = m + (g0 - m) * np.exp(-k * t), eta**2 * (1 - np.exp(-2 * k * t)) / (2 * k)
    found = growth * 4
    assert np.all(np.abs(found.mean(axis=1) - mean) < 3 * np.sqrt(variance / paths))
    assert np.all(np.abs(found.var(axis=1) / variance - 1) < 3 * math.sqrt(2 / paths))
    covariance = variance[:, None] * np.exp(-k * np.abs(t[:, None] - t[None, :]))
    covariance = np.minimum(covariance, covariance.T)  # Cov(g_s, g_t) = Var(g_s) e^(-k (t - s)) for s < t
    spread = np.sqrt((np.outer(variance, variance) + covariance**2) / paths)
    assert np.all(np.abs(np.cov(found) - covariance) < 3.5 * spread)  # 36 of them
    # log revenue is normal: each step takes the growth at its start
    weights = np.tril(np.full((8, 8), 0.25), k=-1)
    log_mean = 0.25 * g0 + weights @ mean - sigma**2 * t / 2
    log_variance = np.einsum("ij,jk,ik->i", weights, covariance, weights) + sigma**2 * t
    logs = np.log(revenue)
    assert np.all(np.abs(logs.mean(axis=1) - log_mean) < 3 * np.sqrt(log_variance / paths))
    assert np.all(np.abs(logs.var(axis=1) / log_variance - 1) < 3 * math.sqrt(2 / paths))
    expected = np.exp(log_mean + log_variance / 2)
    error = expected * np.sqrt((np.exp(log_variance) - 1) / paths)
    assert np.all(np.abs(revenue.mean(axis=1) - expected) < 3 * error)


def test_no_mean_reversion_and_decaying_volatility() -> None:
    """Growth becomes a random walk at speed 0; log revenue's variance sums the decaying volatility."""
    paths = 1024 * 256
    growth, revenue = growth_and_revenue({"growth_volatility": 0.3}, 4, paths)
    assert np.all(np.abs((growth * 4).var(axis=1) / (0.09 * np.arange(1, 5) / 4) - 1) < 3 * math.sqrt(2 / paths))
    decaying = {"revenue_volatility": 0.4, "long_run_volatility": 0.1, "volatility_decay": 1.2}
    _, revenue = growth_and_revenue(decaying, 4, paths)
    sigma = 0.1 + 0.3 * np.exp(-1.2 * np.arange(4) / 4)
    exact = np.cumsum(sigma**2) / 4
    assert np.all(np.abs(np.log(revenue).var(axis=1) / exact - 1) < 3 * math.sqrt(2 / paths))


def test_market_window_occupancy_and_hitting_time() -> None:
    opening, shutting, start = 0.3, 0.1, 0.8
    window = market_window(7, MILLION, 12, opening, shutting, start)
    stationary, memory = opening / (opening + shutting), 1 - opening - shutting
    occupancy = stationary + (start - stationary) * memory ** np.arange(12)
    assert_close(window.mean(axis=1), occupancy, MILLION)
    # a firm that lives on a round each quarter dies the first time the window is shut: start, then geometric
    scenarios = Scenarios.plain(["x"], 12, 1, hazard=60.0, size=1 / 3, shut=0.0, window=window)
    result = simulate([firm(12, scenarios, liquid_funds=1.5, debt_service=1.0)], 12, MILLION)[0]
    shut_by = 1 - start * (1 - shutting) ** np.arange(11)
    assert_close(cash_out(result)[1:], shut_by, MILLION)  # the money of the first quarter that fails is missed in the next


def test_poisson_funding_of_fixed_size() -> None:
    """Burn 1 a quarter, closings of size 3 at rate 0.15: compound-Poisson ruin by the ballot theorem (Kendall 1957, Kemperman).

    Money of a quarter arrives at its end, so what closes in quarter n is there for quarter n + 1: ruin in n + 1 quarters from u + 1 is
    the classical ruin in n quarters from u, P = u / n P(3 N(n) = n - u), N Poisson.
    """
    u, size, rate, quarters = 4, 3, 0.15, 20
    scenarios = Scenarios.plain(["x"], quarters, 1, hazard=rate, size=size)
    result = simulate([firm(quarters, scenarios, liquid_funds=u + 1.0, debt_service=1.0)], quarters, MILLION, seed=5)[0]
    exact = np.zeros(quarters)
    for closings in range((quarters - u) // size + 1):
        n = u + size * closings
        if n < quarters:
            exact[n] = u / n * stats.poisson.pmf(closings, rate * n)
    share = result.counts.sum(axis=0)[0, :-1] / MILLION
    assert_close(share, exact, MILLION)


def test_collections_in_a_steady_year() -> None:
    """Receivables return to `lag` quarters of revenue, and the first half collects its share, to float32."""
    lag, billed, collected = 2.0, 0.35, 0.42
    halves = {"first_half_revenue": billed, "first_half_collections": collected}
    steady = firm(8, revenue=1.0, collection_lag=lag, receivables=lag, loss_rate=0.1, liquid_funds=10.0, **halves)
    cash = np.diff(simulate([steady], 8, 256)[0].cash[0, :, -1].astype(float), prepend=10.0)
    assert cash[:2].sum() == pytest.approx(4 * 0.9 * collected, rel=1e-5)
    assert cash[:4].sum() == pytest.approx(4 * 0.9, rel=1e-5)
    assert cash[4:] == pytest.approx(cash[:4], rel=1e-4)
    later = dataclasses.replace(steady, starts_in=3)
    assert simulate([later], 8, 256)[0].cash[0, 0, -1] > steady.parameters["liquid_funds"] + cash[0]  # the second half comes first
    first, second = collection_rates(np.array([0.0, 5.0]), np.array([0.4, 0.4]), np.array([0.4, 0.4]))
    assert first[0] == second[0] == 1.0
    assert 0 < first[1] < second[1] < 1


def test_management_cut_and_severance() -> None:
    """Funds 10, R&D 2: at the start of quarter 3 (from 0) four are left, below 3 quarters; the cut of half comes two quarters later."""
    cut = {"cut_trigger": 2.5, "cut_lag": 2.0, "cut_size": 0.5, "severance": 1.5}
    scenarios = Scenarios.plain(["with", "without"], 6, cuts=[1, 0])
    result = simulate([firm(6, scenarios, liquid_funds=10.5, research_and_development=2.0, **cut)], 6, 256)[0]
    assert result.cash[0, :, -1] == pytest.approx([8.5, 6.5, 4.5, 2.5, 0.5, 0.5 - 1.0 - 1.5])
    assert result.cash[1, :, -1] == pytest.approx([8.5, 6.5, 4.5, 2.5, 0.5, -1.5])


def test_listing_proceeds_and_redemption() -> None:
    listed_at = np.array([[-1, 2, NEVER] * 200], dtype=np.int16)[:, :512]
    redemption = np.where(np.arange(6) == 4, 7.0, 0.0)
    scenarios = Scenarios.plain(["x"], 6, listed_at=listed_at, listing_size=5.0, redemption=redemption)
    _, sample = raw(firm(6, scenarios, liquid_funds=6.5, debt_service=1.0), 6, 512, 0)
    never, listed, before = sample[0, :, 2], sample[0, :, 1], sample[0, :, 0]
    assert never == pytest.approx([5.5, 4.5, 3.5, 2.5, -5.5, -6.5])
    assert listed == pytest.approx([5.5, 4.5, 8.5, 7.5, 6.5, 5.5])
    assert before == pytest.approx([5.5, 4.5, 3.5, 2.5, 1.5, 0.5])
    counts = simulate([firm(6, scenarios, liquid_funds=6.5, debt_service=1.0)], 6, 512)[0].counts.sum(axis=0)[0]
    assert counts[4] == np.sum(listed_at == NEVER)
    assert counts[6] == 512 - counts[4]


@settings(max_examples=25, deadline=None)
@given(
    funds=st.floats(0.5, 20),
    burn=st.floats(0.0, 3.0),
    noise=st.floats(0.0, 2.0),
    volatility=st.floats(0.0, 0.8),
    money=st.floats(0.0, 10),
    at=st.tuples(st.integers(0, 7), st.floats(0, 0.99)),
    hazard=st.floats(0, 1),
)
def test_more_money_never_shortens_a_life(
    funds: float, burn: float, noise: float, volatility: float, money: float, at: tuple[int, float], hazard: float
) -> None:
    """With management's reaction held fixed: a receipt, an income, a likelier closing or no redemption end no path earlier."""
    more = [0.0, money, 0.0, 0.0, 0.0]
    scenarios = Scenarios.plain(
        ["less", "receipt", "income", "likelier", "no redemption"],
        8,
        1,
        jumps=tuple(((*at, amount),) for amount in more),
        flow=np.array([0, 0, money, 0, 0])[:, None],
        hazard=np.array([1, 1, 1, 2, 1])[:, None, None] * hazard,
        size=1.0,
        size_sd=[0.5],
        redemption=np.array([1, 1, 1, 1, 0])[:, None] * np.where(np.arange(8) == 5, 1.0, 0.0),
    )
    moving = {"revenue_volatility": volatility, "long_run_volatility": volatility, "loss_rate": 0.1, "collection_lag": 2.0}
    one = firm(8, scenarios, liquid_funds=funds, debt_service=burn, cash_volatility=noise, **moving)
    gone = np.cumsum(simulate([one], 8, 2048)[0].counts, axis=2)
    assert np.all(gone[:, 1:] <= gone[:, :1])


# --- a second opinion


def test_numpy_twin_agrees_on_the_full_model() -> None:
    quarters, paths = 20, 100_000
    one = full(quarters, paths)
    life, cash = numpy_twin.simulate(one, quarters, paths, seed=3)
    ours = simulate([one], quarters, paths, seed=7, sampled=paths)[0]
    for s in range(3):
        twin = np.array([np.mean(life[s] <= q) for q in range(quarters)])
        share = cash_out(ours, s)
        error = np.sqrt((share * (1 - share) + twin * (1 - twin)) / paths)
        assert np.all(np.abs(share - twin) <= 3.5 * error + 1e-12), (share - twin) / error  # 60 comparisons
        spread = cash[s].std(axis=0) * math.sqrt(2 / paths)
        assert np.all(np.abs(ours.cash[s, :, -1] - cash[s].mean(axis=0)) <= 3.5 * spread)
        for k, level in enumerate(LEVELS):
            low, high = np.quantile(cash[s], [level - 0.005, level + 0.005], axis=0)
            assert np.all((ours.cash[s, :, k] >= low) & (ours.cash[s, :, k] <= high))


# --- same seed, same bits


def same(a: Paths, b: Paths) -> bool:
    return np.array_equal(a.counts, b.counts) and np.array_equal(a.cash, b.cash)


def test_threads_and_splits_change_nothing() -> None:
    firms = [full(8, 5000, name) for name in ("sensetime", "megvii", "yitu")]
    plain = simulate(firms, 8, 5000, seed=7)
    for threads, block in ((1, 256), (2, 16_384), (2, 1024), (2, 3328)):
        for a, b in zip(plain, simulate(firms, 8, 5000, seed=7, threads=threads, block=block), strict=True):
            assert same(a, b)
    for order in ((2, 0, 1), (1,), (2, 1)):
        for k, b in zip(order, simulate([firms[k] for k in order], 8, 5000, seed=7, threads=2), strict=True):
            assert same(plain[k], b)
    assert not same(plain[0], simulate(firms[:1], 8, 5000, seed=8)[0])
    assert not same(plain[0], plain[1])


def test_adding_a_scenario_or_a_channel_changes_no_other() -> None:
    """Neither does taking one away, nor a longer horizon or more paths for what was there."""
    one = full(8, 4096)
    x = one.scenarios
    fewer = {k: getattr(x, k)[:1] for k in ("revenue", "cost", "lag", "capex", "flow", "jumps", "cuts", "constant_days")}
    fewer |= {k: getattr(x, k)[:1] for k in ("hazard", "size", "listed_at", "listing_size", "redemption")}
    alone = dataclasses.replace(one, scenarios=dataclasses.replace(x, names=("baseline",), **fewer))
    three, single = simulate([one], 8, 4096, seed=7)[0], simulate([alone], 8, 4096, seed=7)[0]
    assert np.array_equal(three.counts[:, :1], single.counts)
    assert np.array_equal(three.cash[:1], single.cash)
    wider = {k: np.concatenate([getattr(x, k), np.zeros_like(getattr(x, k))], axis=1) for k in ("hazard", "size")}
    wider |= {k: np.concatenate([getattr(x, k)] * 2) for k in ("size_sd", "shut", "rest", "stage")}
    wider_firm = dataclasses.replace(one, scenarios=dataclasses.replace(x, **wider))
    assert same(three, simulate([wider_firm], 8, 4096, seed=7)[0])
    _, few = raw(one, 8, 1024, 7)
    _, many = raw(one, 8, 4096, 7)
    assert np.array_equal(few, many[:, :, :1024])


def test_the_market_is_common_and_the_firm_its_own() -> None:
    """Revenue shocks of two firms correlate by the product of their loadings."""
    parts = {"revenue_volatility": 0.4, "long_run_volatility": 0.4, "loss_rate": 0.0, "liquid_funds": 100.0}
    one = firm(1, name="one", market_loading=0.8, **parts)
    two = firm(1, name="two", market_loading=0.5, **parts)
    a, b = (np.log(raw(f, 1, 200_192, 7)[1][0, 0] - 100.0 + 1e-9) for f in (one, two))
    assert np.corrcoef(a, b)[0, 1] == pytest.approx(0.4, abs=0.01)


def test_parameter_draws_are_used_in_turn() -> None:
    """Draw i modulo N belongs to path i, so that batches can be draws."""
    spread = firm(4, liquid_funds=np.array([1.5, 2.5, 3.5, 99.0]), debt_service=1.0)
    counts = simulate([spread], 4, 1024, batches=4)[0].counts[:, 0]
    assert counts.tolist() == [[0, 256, 0, 0, 0], [0, 0, 256, 0, 0], [0, 0, 0, 256, 0], [0, 0, 0, 0, 256]]


def test_shared_draws_cut_the_variance_of_a_difference() -> None:
    """At least threefold against independent draws, measured over batches."""
    budget = Scenarios.plain(["baseline", "fewer orders"], 12, revenue=[[1.0], [0.95]])
    shared = simulate([Firm("firm", FULL, budget)], 12, 64 * 2048, seed=1)[0].counts
    again = simulate([Firm("firm", FULL, budget)], 12, 64 * 2048, seed=2)[0].counts
    life = [(c * np.arange(13)).sum(axis=-1) / c[:, 0].sum(axis=-1)[:, None] for c in (shared, again)]
    together, apart = np.var(life[0][:, 1] - life[0][:, 0]), np.var(life[1][:, 1] - life[0][:, 0])
    assert apart / together > 3


# --- bad input


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"liquid_funds": -1.0}, "firm, liquid_funds: found -1"),
        ({"liquid_funds": 0.0}, "liquid_funds: found 0, expected a number above 0"),
        ({"revenue": 0.0}, "revenue: found 0, expected a number above 0; growth of zero revenue is undefined"),
        ({"growth": math.nan}, "growth: found nan"),
        ({"loss_rate": np.array([0.1, 1.2])}, "loss_rate: found 1.2, expected a number from 0 to 1"),
        ({"growth": np.zeros(3), "revenue": np.ones(4)}, r"found \[3, 4\] draws"),
    ],
)
def test_bad_parameters(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(DataError, match=message):
        simulate([firm(4, **changes)], 4, 256)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"window": np.ones((4, 2), np.uint8)}, r"window: found shape \(4, 2\), expected \(4, 1\) or \(4, 256\)"),
        ({"window": np.ones((3, 1), np.uint8)}, r"window: found shape \(3, 1\)"),
        ({"window": np.ones(4, np.uint8)}, r"window: found shape \(4,\)"),
        ({"window": np.full((4, 1), 2, np.uint8)}, "window: found numbers from 2 to 2, expected 0 to 1"),
        ({"window": np.ones((4, 1))}, "window: found numbers of type float64, expected whole numbers"),
        ({"listed_at": np.zeros((1, 255), np.int16)}, r"listed_at: found shape \(1, 255\), expected \(1, 1\) or \(1, 256\)"),
        ({"listed_at": np.zeros((2, 1), np.int16)}, r"listed_at: found shape \(2, 1\)"),
        ({"listed_at": np.full((1, 1), -2)}, "listed_at: found numbers from -2 to -2, expected -1 to 32767"),
        ({"listed_at": np.full((1, 1), 40_000)}, "listed_at: found numbers from 40000 to 40000"),
        ({"listing_sd": -0.1}, "listing_sd: found -0.1, expected a finite number, 0 or above"),
        ({"listing_sd": math.nan}, "listing_sd: found nan"),
        ({"listing_sd": math.inf}, "listing_sd: found inf"),
        ({"jumps": ((), ())}, "jumps: found 2 of them, expected 1, one per scenario"),
    ],
)
def test_bad_scenarios(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(DataError, match=f"firm, scenarios.{message}"):
        simulate([firm(4, Scenarios.plain(["x"], 4, **changes))], 4, 256)


@pytest.mark.parametrize("quarter", [0, 5, -1])
def test_a_year_has_four_quarters(quarter: int) -> None:
    with pytest.raises(DataError, match=f"firm, starts_in: found {quarter}, expected a quarter of the year, 1 to 4"):
        simulate([firm(4, starts_in=quarter)], 4, 256)


def test_fewer_paths_than_columns_are_the_first_of_them() -> None:
    window = (np.arange(512) % 2).astype(np.uint8) * np.ones((4, 1), np.uint8)
    few, every = (
        simulate([firm(4, Scenarios.plain(["x"], 4, 1, hazard=0.5, size=1.0, shut=0.0, window=w), debt_service=0.9)], 4, 256)[0]
        for w in (window[:, :256], window)
    )
    assert same(few, every)


def test_every_fault_at_once() -> None:
    parameters = {k: v for k, v in STILL.items() if k != "growth"} | {"loss_rate": math.inf}
    bad = Scenarios.plain(["a"], 4, revenue=0.0, jumps=(((9, 0.5, 1.0), *(((1, 0.1, 1.0),) * 5)),))
    with pytest.raises(DataError) as error:
        simulate([Firm("x", parameters, bad), Firm("x", STILL, dataclasses.replace(bad, flow=np.zeros((1, 5))))], 4, 256)
    text = str(error.value)
    for part in ("x, growth: found nothing", "loss_rate: found inf", "scenarios.revenue: found 0", "(9, 0.5, 1)", "5 in quarter 1"):
        assert part in text
    assert "scenarios.flow: found shape (1, 5)" in text
    assert "'x' twice" in text


@pytest.mark.parametrize(
    "call", [{"quarters": 0}, {"paths": 0}, {"paths": -5}, {"seed": -1}, {"threads": 0}, {"block": 100}, {"batches": 0}]
)
def test_bad_counts(call: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=rf"{next(iter(call))} is {next(iter(call.values()))}; it must be"):
        simulate([firm(4)], **{"quarters": 4, "paths": 256, **call})


def test_unknown_parameter_gets_the_nearest_name() -> None:
    with pytest.raises(LookupError, match="did you mean 'growth'"):
        simulate([firm(4, grwth=0.1)], 4, 256)


# --- manners


def test_progress_and_interruption() -> None:
    seen: list[tuple[int, int]] = []
    simulate([firm(4)], 4, 1000, block=256, progress=lambda done, total: seen.append((done, total)))
    assert seen == [(1, 4), (2, 4), (3, 4), (4, 4)]

    def stop(done: int, total: int) -> None:
        raise KeyboardInterrupt

    for threads in (1, 2):
        with pytest.raises(KeyboardInterrupt):
            simulate([firm(4)], 4, 100_000, block=256, threads=threads, progress=stop)


def test_summary_of_a_sample() -> None:
    sample = np.arange(1.0, 101.0, dtype=np.float32)[::-1].reshape(1, 1, 100).copy()
    out = summarise(sample)[0, 0]
    assert out[: len(LEVELS)] == pytest.approx(np.quantile(np.arange(1.0, 101.0), LEVELS))
    assert out[-2:] == pytest.approx([3.0, 50.5])
