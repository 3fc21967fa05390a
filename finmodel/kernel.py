"""The compiled kernel of the cash model: keyed random numbers and one quarter of many paths.

Only :mod:`finmodel.simulate` calls it. Paths go through in lanes of 256, scenarios are the innermost loop and share every draw. All
real numbers are float32, all counts int64, and no operation may be reordered: the same seed gives the same bits for any split of the
work. Each function goes through the lanes of one block in a loop that the compiler turns into vector instructions.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from finmodel.generator import LANES, exp, f4, jit, normal_pairs, normals, philox, u4, u8, uniform

JUMPS = 4
"""Most dated jumps of one scenario in one quarter."""
MARKET, FIRM, CROSSING, SPLIT, WINDOW, ARRIVAL = 0, 1, 2, 3, 4, 8
"""Streams of random numbers; ARRIVAL is the first of those for funding channels, four channels a stream."""


class Rows(NamedTuple):
    """Where each quantity of a lane block starts in the flat scratch array: parameters, then what scenarios share, then one scenario's."""

    # parameters per quarter, in the order of simulate.derive
    liquid: int
    revenue_start: int
    growth_start: int
    growth_mean: int
    growth_keep: int
    growth_sd: int
    sigma_long: int
    sigma_gap: int
    sigma_keep: int
    cash_sd: int
    market: int
    own: int
    billed_first: int
    billed_second: int
    collected_first: int
    collected_second: int
    lag: int
    paid: int
    due: int
    cost_0: int
    cost_1: int
    cost_2: int
    cost_3: int
    drift_0: int
    drift_1: int
    drift_2: int
    drift_3: int
    up_0: int
    up_1: int
    up_2: int
    up_3: int
    down_0: int
    down_1: int
    down_2: int
    down_3: int
    cut_trigger: int
    cut_lag: int
    cut_size: int
    severance: int
    capex_share: int
    capex_fixed: int
    steady: int
    barrier: int
    # shared by the scenarios of a path
    growth: int
    revenue: int
    gap: int
    sigma: int
    step: int
    year: int
    step_1: int
    step_2: int
    step_3: int
    billed: int
    collected: int
    shock: int
    noise: int
    answer_0: int
    answer_1: int
    answer_2: int
    answer_3: int
    crossing: int
    open: int
    z_0: int
    z_1: int
    z_2: int
    z_3: int
    split_0: int
    split_1: int
    split_2: int
    split_3: int
    # of one scenario in one quarter
    change: int
    variance: int
    at: int
    safe: int
    raised: int
    rounds: int
    listed: int


class State(NamedTuple):
    """Where each quantity of a scenario's state starts in its flat array."""

    cash: int
    due: int
    cost_0: int
    cost_1: int
    cost_2: int
    cost_3: int
    life: int
    cut: int
    age: int
    listed: int


class Levers(NamedTuple):
    """Columns of what a scenario sets in a quarter."""

    revenue: int
    revenue_step: int
    revenue_year: int
    cost_0: int
    cost_1: int
    cost_2: int
    cost_3: int
    lag: int
    capex: int
    flow: int
    cuts: int
    constant_days: int
    listing_size: int
    listing_sd: int
    redemption: int


class Inputs(NamedTuple):
    """What the kernel reads for one firm; S scenarios, C channels, Q quarters, N parameter draws used in turn."""

    derived: Any  # (N columns, one row per parameter) float32
    first_half: Any  # (Q,) bool
    levers: Any  # (S, Q, one column per lever) float32
    jumps: Any  # (S, Q) int64, dated jumps in the quarter
    jump_at: Any  # (S, Q, JUMPS) float32, fraction of the quarter gone by
    jump_amount: Any  # (S, Q, JUMPS) float32
    hazard: Any  # (S, C, Q) float32
    size: Any  # (S, C, Q) float32
    channel: Any  # (C, 4) float32: log sd of size, factor when the window is shut, quarters of rest, stage
    window: Any  # (Q, paths or 1) uint8
    listed_at: Any  # (S, paths or 1) int16


R = Rows(*range(0, LANES * len(Rows._fields), LANES))
S = State(*range(0, LANES * len(State._fields), LANES))
V = Levers(*range(len(Levers._fields)))
DERIVED: tuple[str, ...] = Rows._fields[: Rows._fields.index("growth")]


@jit
def _load(w: Any, derived: Any, path: int) -> None:
    """Copy the parameters of LANES paths into the scratch array."""
    draws = derived.shape[1]
    column = (path + np.arange(LANES)) % draws
    for row in range(derived.shape[0]):
        for i in range(LANES):
            w[row * LANES + i] = derived[row, column[i]]
    for i in range(LANES):
        w[R.growth + i], w[R.revenue + i], w[R.gap + i] = w[R.growth_start + i], w[R.revenue_start + i], w[R.sigma_gap + i]
        w[R.step_1 + i] = w[R.step_2 + i] = w[R.step_3 + i] = w[R.growth_start + i]


@jit
def _start(z: Any, w: Any, listed_at: Any, path: int) -> None:
    """Set one scenario to the start."""
    for i in range(LANES):
        z[S.cash + i], z[S.due + i] = w[R.liquid + i], w[R.due + i]
        z[S.cost_0 + i], z[S.cost_1 + i], z[S.cost_2 + i], z[S.cost_3 + i] = (
            w[R.cost_0 + i],
            w[R.cost_1 + i],
            w[R.cost_2 + i],
            w[R.cost_3 + i],
        )
        z[S.life + i], z[S.cut + i], z[S.age + i] = f4(0.0), f4(0.0), f4(1e6)
        z[S.listed + i] = f4(listed_at[min(path + i, listed_at.size - 1)])


@jit
def _draw(w: Any, words: Any, path: int, q: int, split: bool, firm: Any, seed: Any) -> None:
    """Draw what every scenario shares in quarter `q`: shocks, the crossing uniform, the splits of dated jumps."""
    philox(words, path, q, MARKET, u8(0), seed)
    normal_pairs(words, w[R.z_0 :])
    for i in range(LANES):
        w[R.noise + i] = w[R.z_0 + i] * w[R.market + i]
    philox(words, path, q, FIRM, firm, seed)
    normals(words, w[R.z_0 :])
    philox(words, path, q, CROSSING, firm, seed)
    for i in range(LANES):
        w[R.crossing + i] = uniform(words[i])
    if split:
        philox(words, path, q, SPLIT, firm, seed)
        normals(words, w[R.split_0 :])


@jit
def _channel_luck(words: Any, w: Any, size_sd: Any, luck: Any, factor: Any) -> None:
    """Each path's uniform for a channel's closings, and the factor on their size."""
    for i in range(LANES):
        luck[i] = uniform(words[i])
        factor[i] = exp(size_sd * w[R.z_3 + i])


@jit
def _grow(w: Any, window: Any, path: int) -> None:
    """Move growth (exact Ornstein-Uhlenbeck step) and revenue (log-normal step at the growth before), ahead of scenarios."""
    for i in range(LANES):
        before = w[R.growth + i]
        mean = w[R.growth_mean + i]
        after = mean + (before - mean) * w[R.growth_keep + i] + w[R.growth_sd + i] * w[R.z_0 + i]
        sigma = w[R.sigma_long + i] + w[R.gap + i]
        shock = w[R.noise + i] + w[R.own + i] * w[R.z_1 + i]
        step = before - f4(0.5) * sigma * sigma + sigma * shock
        w[R.growth + i], w[R.gap + i], w[R.sigma + i], w[R.step + i] = after, w[R.gap + i] * w[R.sigma_keep + i], sigma, step
    for i in range(LANES):
        w[R.shock + i] = w[R.cash_sd + i] * w[R.revenue + i]
        w[R.noise + i] = w[R.shock + i] * w[R.z_2 + i]
        w[R.revenue + i] = w[R.revenue + i] * exp(w[R.step + i])
    for i in range(LANES):
        one, two, three = w[R.step_1 + i], w[R.step_2 + i], w[R.step_3 + i]
        w[R.year + i] = f4(0.25) * (w[R.step + i] + one + two + three)
        w[R.step_1 + i], w[R.step_2 + i], w[R.step_3 + i] = w[R.step + i], one, two
    for i in range(LANES):
        w[R.open + i] = f4(window[min(path + i, window.size - 1)])


@jit
def _season(w: Any, billed: Any, collected: Any) -> None:
    """Take the half year's billing factor and collection rate."""
    for i in range(LANES):
        w[R.billed + i], w[R.collected + i] = billed[i], collected[i]


@jit
def _answer(w: Any, move: Any, year_move: Any) -> None:
    """Factors of cost: cost of sales answers to the quarter's change of revenue, the rest to the year's; a scenario adds to both."""
    for i in range(LANES):
        step = w[R.step + i] + move
        up, down = max(step, f4(0.0)), min(step, f4(0.0))
        w[R.answer_0 + i] = exp(w[R.drift_0 + i] + w[R.up_0 + i] * up + w[R.down_0 + i] * down)
        step = w[R.year + i] + year_move
        up, down = max(step, f4(0.0)), min(step, f4(0.0))
        w[R.answer_1 + i] = exp(w[R.drift_1 + i] + w[R.up_1 + i] * up + w[R.down_1 + i] * down)
        w[R.answer_2 + i] = exp(w[R.drift_2 + i] + w[R.up_2 + i] * up + w[R.down_2 + i] * down)
        w[R.answer_3 + i] = exp(w[R.drift_3 + i] + w[R.up_3 + i] * up + w[R.down_3 + i] * down)


@jit
def _react(z: Any, w: Any, v: Any) -> None:
    """Costs answer to revenue; management cuts R&D once, some quarters after liquid funds fell short. `change` gets the severance."""
    scale, m0, m1, m2, m3 = v[V.revenue], v[V.cost_0], v[V.cost_1], v[V.cost_2], v[V.cost_3]
    may_cut, capex = v[V.cuts], v[V.capex]
    for i in range(LANES):
        c0, research = z[S.cost_0 + i] * w[R.answer_0 + i], z[S.cost_1 + i] * w[R.answer_1 + i]
        c2, c3 = z[S.cost_2 + i] * w[R.answer_2 + i], z[S.cost_3 + i] * w[R.answer_3 + i]
        revenue = w[R.revenue + i] * scale
        burn = c0 * m0 + research * m1 + c2 * m2 + c3 * m3 - w[R.steady + i]
        burn += (w[R.capex_share + i] * revenue + w[R.capex_fixed + i]) * capex - revenue * w[R.paid + i]
        cut = z[S.cut + i]
        now = cut == f4(1.0)
        saved = may_cut * w[R.cut_size + i]
        saved = saved if now else f4(0.0)
        w[R.change + i] = -w[R.severance + i] * saved * research * m1
        z[S.cost_0 + i], z[S.cost_1 + i], z[S.cost_2 + i], z[S.cost_3 + i] = c0, research * (f4(1.0) - saved), c2, c3
        waiting = f4(-1.0) if now else (cut - f4(1.0) if cut > f4(0.0) else cut)
        decides = (cut == f4(0.0)) & (z[S.cash + i] < w[R.cut_trigger + i] * burn)
        lag = w[R.cut_lag + i]
        z[S.cut + i] = lag if decides else waiting


@jit
def _operate(z: Any, w: Any, v: Any) -> None:
    """Collect, pay and invest: the quarter's change of liquid funds and its variance given the state at the start."""
    scale, longer, capex, flow, days = v[V.revenue], v[V.lag], v[V.capex], v[V.flow], v[V.constant_days] > f4(0.0)
    m0, m1, m2, m3 = v[V.cost_0], v[V.cost_1], v[V.cost_2], v[V.cost_3]
    for i in range(LANES):
        revenue = w[R.revenue + i] * scale
        billed, rate = revenue * w[R.billed + i], w[R.collected + i]
        rate = rate / (rate + longer * (f4(1.0) - rate))
        due = z[S.due + i] + billed
        unchanged = due - w[R.lag + i] * longer * revenue
        gone = unchanged if days else due * rate
        z[S.due + i] = due - gone
        c0, c1, c2, c3 = z[S.cost_0 + i] * m0 * w[R.billed + i], z[S.cost_1 + i] * m1, z[S.cost_2 + i] * m2, z[S.cost_3 + i] * m3
        invested = (w[R.capex_share + i] * revenue + w[R.capex_fixed + i]) * capex
        w[R.change + i] += gone * w[R.paid + i] - c0 - c1 - c2 - c3 - invested + w[R.steady + i] + flow + w[R.noise + i]
        exposed = billed * w[R.paid + i] * rate - w[R.capex_share + i] * revenue * capex
        exposed -= f4(0.5) * c0 * (w[R.up_0 + i] + w[R.down_0 + i])  # of the other blocks a quarter of the answer falls in the quarter
        exposed -= f4(0.125) * (c1 * (w[R.up_1 + i] + w[R.down_1 + i]) + c2 * (w[R.up_2 + i] + w[R.down_2 + i]))
        exposed -= f4(0.125) * c3 * (w[R.up_3 + i] + w[R.down_3 + i])
        exposed *= w[R.sigma + i]
        w[R.variance + i] = exposed * exposed + w[R.shock + i] * w[R.shock + i]


@jit
def _list(z: Any, w: Any, v: Any, q: Any) -> None:
    """Book a listing's proceeds at the end of the quarter, less a redemption that falls due on paths not listed by then."""
    size, size_sd, redeemed = v[V.listing_size], v[V.listing_sd], v[V.redemption]
    for i in range(LANES):
        proceeds = size * exp(size_sd * w[R.z_3 + i])
        listed = z[S.listed + i]
        w[R.raised + i] = proceeds if listed == q else (-redeemed if listed > q else f4(0.0))
        w[R.rounds + i] = f4(0.0)


@jit
def _close_rounds(z: Any, w: Any, luck: Any, factor: Any, channel: Any, hazard: Any, size: Any, q: Any) -> None:
    """Poisson number of closings (at most three) of one channel in the quarter; the money arrives at its end."""
    shut, rest, stage = channel[1], channel[2], channel[3]
    per_quarter = f4(1.0) / rest if rest > f4(0.0) else f4(1e6)
    clock = f4(1.0) if rest > f4(0.0) else f4(0.0)
    for i in range(LANES):
        mean = hazard * min(f4(1.0), (z[S.age + i] + f4(1.0)) * per_quarter) * (f4(1.0) if w[R.open + i] > f4(0.0) else shut)
        mean = f4(0.0) if stage * (z[S.listed + i] - q + f4(0.5)) > f4(0.0) else mean
        none = exp(-mean)
        closings = f4(1.0) if luck[i] > none else f4(0.0)
        closings += f4(1.0) if luck[i] > none * (f4(1.0) + mean) else f4(0.0)
        closings += f4(1.0) if luck[i] > none * (f4(1.0) + mean + f4(0.5) * mean * mean) else f4(0.0)
        w[R.raised + i] += closings * size * factor[i]
        w[R.rounds + i] += closings * clock


@jit
def _pass(before: Any, after: Any, variance: Any) -> Any:
    """Probability that a Brownian bridge between two levels stays above zero."""
    crossed = exp(f4(-2.0) * before * after / max(variance, f4(1e-30)))
    return f4(0.0) if min(before, after) <= f4(0.0) else f4(1.0) - crossed


@jit
def _open_quarter(z: Any, w: Any) -> None:
    for i in range(LANES):
        w[R.at + i], w[R.safe + i] = z[S.cash + i], f4(1.0)


@jit
def _settle(z: Any, w: Any, q: Any, left: Any) -> None:
    """Move liquid funds to the end of the quarter, the part `left` of it; a path that touches the barrier stops living."""
    for i in range(LANES):
        end = w[R.at + i] + w[R.change + i]
        safe = w[R.safe + i] * _pass(w[R.at + i], end, w[R.variance + i] * left)
        end += w[R.raised + i]
        lives = (z[S.life + i] == q) & (w[R.crossing + i] <= safe) & (end > f4(0.0))
        z[S.life + i] += f4(1.0) if lives else f4(0.0)
        z[S.cash + i] = end
        older = z[S.age + i] + f4(1.0)
        z[S.age + i] = f4(0.0) if w[R.rounds + i] > f4(0.0) else older


@jit
def _jump(w: Any, split: Any, done: Any, at: Any, amount: Any) -> Any:
    """Move to the fraction `at` of the quarter, drawn from the bridge to its end, and add the jump there."""
    share = (at - done) / (f4(1.0) - done)
    spread = f4(np.sqrt((at - done) * (f4(1.0) - at) / (f4(1.0) - done)))
    for i in range(LANES):
        before = w[R.at + i]
        there = before + share * w[R.change + i] + spread * f4(np.sqrt(w[R.variance + i])) * split[i]
        w[R.safe + i] *= _pass(before, there, w[R.variance + i] * (at - done))
        w[R.safe + i] = f4(0.0) if there + amount <= f4(0.0) else w[R.safe + i]
        w[R.change + i] += before - there
        w[R.at + i] = there + amount
    return at


@jit
def run(x: Inputs, seed: Any, firm: Any, first: int, last: int, counts: Any, sample: Any) -> None:
    """Simulate paths `first` to `last` of one firm; `first` is a multiple of LANES.

    Adds to `counts` (batches, S, Q + 1; int64) the paths by quarter of cash-out, and fills `sample` (S, Q, n; float32) with the
    liquid funds at the end of each quarter of the paths below n.
    """
    scenarios, quarters = x.levers.shape[:2]
    channels = x.hazard.shape[1]
    w, words = np.zeros(LANES * len(R), f4), np.empty(4 * LANES, u4)
    luck, factor = np.empty((channels, LANES), f4), np.empty((channels, LANES), f4)
    state = np.empty((scenarios, LANES * len(S)), f4)
    for path in range(first, last, LANES):
        _load(w, x.derived, path)
        for s in range(scenarios):
            _start(state[s], w, x.listed_at[s], path)
        for q in range(quarters):
            _draw(w, words, path, q, np.any(x.jumps[:, q] > 0), firm, seed)
            for c in range(channels):
                if c % 4 == 0:
                    philox(words, path, q, ARRIVAL + c // 4, firm, seed)
                _channel_luck(words[(c % 4) * LANES :], w, x.channel[c, 0], luck[c], factor[c])
            _grow(w, x.window[q], path)
            if x.first_half[q]:
                _season(w, w[R.billed_first :], w[R.collected_first :])
            else:
                _season(w, w[R.billed_second :], w[R.collected_second :])
            move = year_move = f4(np.nan)
            for s in range(scenarios):
                z, v = state[s], x.levers[s, q]
                if v[V.revenue_step] != move or v[V.revenue_year] != year_move:
                    move, year_move = v[V.revenue_step], v[V.revenue_year]
                    _answer(w, move, year_move)
                _react(z, w, v)
                _operate(z, w, v)
                _list(z, w, v, f4(q))
                for c in range(channels):
                    if x.hazard[s, c, q] > f4(0.0):
                        _close_rounds(z, w, luck[c], factor[c], x.channel[c], x.hazard[s, c, q], x.size[s, c, q], f4(q))
                _open_quarter(z, w)
                done = f4(0.0)
                for j in range(x.jumps[s, q]):
                    done = _jump(w, w[R.split_0 + j * LANES :], done, x.jump_at[s, q, j], x.jump_amount[s, q, j])
                _settle(z, w, f4(q), f4(1.0) - done)
                for i in range(min(LANES, sample.shape[2] - path)):
                    sample[s, q, path + i] = z[S.cash + i] + w[R.barrier + i]
        for s in range(scenarios):
            for i in range(min(LANES, last - path)):
                counts[(path + i) % counts.shape[0], s, int(state[s, S.life + i])] += 1
