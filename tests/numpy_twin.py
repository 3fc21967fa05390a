"""The cash model once more, as an analyst would first write it: numpy, float64, every quantity a table of paths by quarters.

An independent second opinion for the tests (its own random numbers, its own arithmetic from the parameters on) and the baseline of the
benchmarks. It shares with finmodel.simulate only the description of a firm and its scenarios.
"""

from __future__ import annotations

import numpy as np

from finmodel.simulate import BLOCKS, PARAMETERS, Firm

DT = 0.25
FULL: dict[str, float] = {
    "liquid_funds": 1e10, "revenue": 1e9, "growth": 0.3, "long_run_growth": 0.05, "mean_reversion": 0.5, "growth_volatility": 0.2,
    "revenue_volatility": 0.3, "long_run_volatility": 0.15, "volatility_decay": 0.5, "cash_volatility": 0.3, "market_loading": 0.4,
    "first_half_revenue": 0.35, "first_half_collections": 0.42, "collection_lag": 4.0, "loss_rate": 0.05, "receivables": 4e9,
    "cost_of_sales": 3e8, "research_and_development": 9e8, "selling": 2e8, "administrative": 3e8,
    "research_and_development_noncash": 0.1, "research_and_development_drift": 0.02, "research_and_development_up": 0.5,
    "research_and_development_down": 0.3, "cost_of_sales_up": 1.0, "cost_of_sales_down": 0.9, "selling_up": 0.4, "selling_down": 0.2,
    "administrative_up": 0.3, "administrative_down": 0.1, "cut_trigger": 4.0, "cut_lag": 3.0, "cut_size": 0.2, "severance": 1.0,
    "capex_share": 0.1, "capex_fixed": 1e8, "other_income": 5e7, "debt_service": 3e7, "barrier": 2e8,
}  # fmt: skip
"""A firm in which everything moves."""


def simulate(firm: Firm, quarters: int, paths: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return quarters survived (S, paths) and liquid funds at each quarter's end (S, paths, quarters); scenarios are drawn anew."""
    results = [scenario(firm, s, quarters, paths, np.random.default_rng([seed, s])) for s in range(len(firm.scenarios.names))]
    return np.stack([r[0] for r in results]), np.stack([r[1] for r in results])


def scenario(firm: Firm, s: int, quarters: int, paths: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    x = firm.scenarios
    p = {d.name: np.resize(np.asarray(firm.parameters.get(d.name, d.default), dtype=float), paths) for d in PARAMETERS}
    shape = (paths, quarters)
    z_growth, z_market, z_own, z_cash, z_size = (rng.standard_normal(shape) for _ in range(5))
    u_cross = rng.random(shape)

    growth = np.empty((paths, quarters + 1))
    growth[:, 0] = p["growth"]
    k = p["mean_reversion"]
    sd = p["growth_volatility"] * np.sqrt(np.where(k > 0, (1 - np.exp(-2 * k * DT)) / (2 * np.where(k > 0, k, 1)), DT))
    for q in range(quarters):
        growth[:, q + 1] = p["long_run_growth"] + (growth[:, q] - p["long_run_growth"]) * np.exp(-k * DT) + sd * z_growth[:, q]
    years = DT * np.arange(quarters)
    sigma = p["long_run_volatility"][:, None] + (p["revenue_volatility"] - p["long_run_volatility"])[:, None] * np.exp(
        -p["volatility_decay"][:, None] * years
    )
    rho = p["market_loading"][:, None]
    shock = rho * z_market + np.sqrt(1 - rho**2) * z_own
    step = growth[:, :-1] * DT - sigma**2 * DT / 2 + sigma * np.sqrt(DT) * shock
    plain = p["revenue"][:, None] * np.exp(np.cumsum(step, axis=1))
    revenue = plain * x.revenue[s]
    log_move = step + np.diff(np.log(x.revenue[s]), prepend=0.0)
    history = np.concatenate([np.repeat(p["growth"][:, None] * DT, 3, axis=1), log_move], axis=1)
    year_move = sum(history[:, k : k + quarters] for k in range(4)) / 4

    half_one = np.array([(firm.starts_in - 1 + q) % 4 < 2 for q in range(quarters)])
    season = np.where(half_one, 2 * p["first_half_revenue"][:, None], 2 * (1 - p["first_half_revenue"][:, None]))
    rate = seasonal_rates(p, half_one)
    rate = rate / (rate + x.lag[s] * (1 - rate))
    billed = revenue * season
    kept = 1 - p["loss_rate"][:, None]
    due = p["receivables"].copy()
    collected = np.empty(shape)
    for q in range(quarters):
        due += billed[:, q] * kept[:, 0]
        steady_due = p["collection_lag"] * x.lag[s, q] * revenue[:, q]
        collected[:, q] = due - steady_due if x.constant_days[s] else due * rate[:, q]
        due -= collected[:, q]

    cost, elasticity = {}, {}
    for b in BLOCKS:
        up, down = p[f"{b}_up"][:, None], p[f"{b}_down"][:, None]
        move = log_move if b == "cost_of_sales" else year_move
        logs = p[f"{b}_drift"][:, None] * DT + np.where(move > 0, up * move, down * move)
        level = (p[b] * (1 - p[f"{b}_noncash"]))[:, None]
        cost[b] = level * np.exp(np.cumsum(logs, axis=1)) * x.cost[s, BLOCKS.index(b)]
        elasticity[b] = (up + down) / (2 if b == "cost_of_sales" else 8)
    capex = (p["capex_share"][:, None] * revenue + p["capex_fixed"][:, None]) * x.capex[s]
    steady = (p["other_income"] - p["debt_service"])[:, None]
    noise_sd = p["cash_volatility"][:, None] * np.concatenate([p["revenue"][:, None], plain[:, :-1]], axis=1)
    noise = noise_sd * z_cash

    lag = np.maximum(np.rint(p["cut_lag"]), 1)
    listed_at = np.resize(x.listed_at[s].astype(int), paths)
    cash = np.empty((paths, quarters + 1))
    cash[:, 0] = p["liquid_funds"]
    life = np.full(paths, quarters)
    dead = np.zeros(paths, dtype=bool)
    decided = np.full(paths, -1)
    kept_research = np.ones(paths)
    since = np.full(paths, 10**6)
    for q in range(quarters):
        before = cash[:, q]
        research = cost["research_and_development"][:, q] * kept_research
        others = [cost[b][:, q] for b in BLOCKS if b != "research_and_development"]
        burn = research + sum(others) + capex[:, q] - steady[:, 0] - revenue[:, q] * kept[:, 0]
        now = (decided >= 0) & (decided + lag == q)
        saved = np.where(now, p["cut_size"] * x.cuts[s], 0.0)
        severance = p["severance"] * saved * research
        kept_research *= 1 - saved
        decided = np.where((decided < 0) & (before - p["barrier"] < p["cut_trigger"] * burn), q, decided)
        research = research * (1 - saved)
        sales_cost = cost["cost_of_sales"][:, q] * season[:, q]
        paid = sales_cost + research + cost["selling"][:, q] + cost["administrative"][:, q]
        change = collected[:, q] - paid - severance - capex[:, q] + steady[:, 0] + x.flow[s, q] + noise[:, q]
        exposed = billed[:, q] * kept[:, 0] * rate[:, q] - p["capex_share"] * revenue[:, q] * x.capex[s, q]
        exposed -= sales_cost * elasticity["cost_of_sales"][:, 0] + research * elasticity["research_and_development"][:, 0]
        exposed -= (cost["selling"] * elasticity["selling"] + cost["administrative"] * elasticity["administrative"])[:, q]
        variance = (exposed * sigma[:, q]) ** 2 * DT + noise_sd[:, q] ** 2

        raised = np.zeros(paths)
        rounds = np.zeros(paths, dtype=bool)
        is_open = np.resize(x.window[q], paths) == 1
        for c in range(x.hazard.shape[1]):
            mean = x.hazard[s, c, q] * np.where(is_open, 1.0, x.shut[c]) * np.ones(paths)
            if x.rest[c] > 0:
                mean *= np.minimum(1.0, (since + 1) / x.rest[c])
            mean[(listed_at >= q) if x.stage[c] > 0 else (listed_at < q) & (x.stage[c] < 0)] = 0.0
            closings = np.minimum(rng.poisson(mean), 3)
            raised += closings * x.size[s, c, q] * np.exp(x.size_sd[c] * z_size[:, q])
            rounds |= (closings > 0) & (x.rest[c] > 0)
        since = np.where(rounds, 0, since + 1)
        raised += np.where(listed_at == q, x.listing_size[s, q] * np.exp(x.listing_sd * z_size[:, q]), 0.0)
        raised -= np.where(listed_at > q, x.redemption[s, q], 0.0)

        at, safe, done = before - p["barrier"], np.ones(paths), 0.0
        end = at + change
        for jump_quarter, fraction, amount in sorted(x.jumps[s]):
            if jump_quarter == q:
                share = (fraction - done) / (1 - done)
                there = (
                    at
                    + share * (end - at)
                    + np.sqrt(variance * (fraction - done) * (1 - fraction) / (1 - done)) * rng.standard_normal(paths)
                )
                safe *= stays_above(at, there, variance * (fraction - done))
                safe[there + amount <= 0] = 0.0
                at, end, done = there + amount, end + amount, fraction
        safe *= stays_above(at, end, variance * (1 - done))
        end = end + raised
        dies = ~dead & ((u_cross[:, q] > safe) | (end <= 0))
        life[dies] = q
        dead |= dies
        cash[:, q + 1] = end + p["barrier"]
    return life, cash[:, 1:]


def stays_above(x: np.ndarray, y: np.ndarray, variance: np.ndarray) -> np.ndarray:
    with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
        crossed = np.where(variance > 0, np.exp(-2 * x * y / variance), 0.0)
    return np.where((x <= 0) | (y <= 0), 0.0, 1 - crossed)


def seasonal_rates(p: dict[str, np.ndarray], half_one: np.ndarray) -> np.ndarray:
    """Collection rates of the halves by iterating a steady year until the first half's share and the year-end balance are right."""
    w, c, end = p["first_half_revenue"], p["first_half_collections"], p["collection_lag"] / (1 - p["loss_rate"]) / 4
    middle = end + w - c

    def rate(start: np.ndarray, billed: np.ndarray, finish: np.ndarray) -> np.ndarray:
        low, high = np.zeros_like(start), np.ones_like(start)
        for _ in range(60):
            mid = (low + high) / 2
            left = ((start + billed) * (1 - mid) + billed) * (1 - mid)
            low, high = np.where(left > finish, mid, low), np.where(left > finish, high, mid)
        return (low + high) / 2

    first, second = rate(end, w / 2, middle), rate(middle, (1 - w) / 2, end)
    return np.where(half_one, first[:, None], second[:, None])
