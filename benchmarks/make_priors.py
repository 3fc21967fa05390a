"""Make data/priors.csv from the panels: python benchmarks/make_priors.py FOLDER [OUTPUT].

FOLDER holds tables/finglm_a_share (11,587 A-share firm-years, FY 2019-2021), panels/us_bankruptcy (US listed firms, FY 1999-2018) and
tables/taidibei (quarterly figures of some 70 A-share pharmaceutical firms, 2022-2025). Only the estimates ship. The panels are other
populations than loss-making, private, publicly funded AI firms: listed, larger, mostly profitable. Each row says which.

Rules
-----
- A firm-year is used where revenue is above the threshold printed below. Changes of costs beyond 1.0 in logs are taken as mergers or
  misreadings and left out; growth of revenue is clipped at its 0.5 and 99.5 per cent points, because firms like ours grow that fast.
- A share (cost, capital expenditure, ...) has a prior normal on the log or logit scale with the panel's median and standard deviation.
  How it moves from year to year (a cost: beyond its response to revenue) is split into noise of one year and a random walk: the lag-1
  autocovariance of changes is minus the noise variance, the variance of changes is the walk's plus twice the noise's.
- Where our firms are of a kind that the panel does not hold (season and payment of sales to public customers, growth, other cash of
  firms whose costs are a multiple of revenue), the standard deviation is doubled, and the row says so.
- Where two sources disagree, the median is their geometric mean and one standard deviation reaches each.
- Groups within a panel (quarters of the firms by size) are pooled by finmodel.estimate.pool (Paule-Mandel, Knapp-Hartung); a new firm's
  value then varies with the standard deviation between groups, that within them, and the error of the mean.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import statsmodels.api as sm
from scipy.optimize import nnls

from finmodel.data import written
from finmodel.estimate import Prior, pool
from finmodel.loaders.a_share import read_a_share_panel

COLUMNS = ["parameter", "distribution", "transform", "mean", "sd", "low", "high", "unit", "population", "n", "how", "source"]
A_SHARE = "A-share listed firms, FY 2019-2021"
US = "US listed firms, FY 1999-2018"
PHARMA = "A-share pharmaceutical firms, 2023-2024"
FINGLM = "machine-read annual reports, github.com/MetaGLM/FinGLM (profit_statement, cash_flow_statement)"
SOWIDE = "Lombardo et al. 2022, doi.org/10.3390/fi14080244, github.com/sowide (CC BY 4.0)"
TAIDIBEI = "quarterly reports, github.com/YikW-a/taidibei-b-question"
ABJ = "Anderson, Banker and Janakiraman 2003, Journal of Accounting Research 41(1): 0.55 up, 0.35 down, 7,629 US firms 1979-1998"
CITED = {"up": 0.5459, "down": 0.3545}
SCHWARTZ_MOON = "Schwartz and Moon 2000, Financial Analysts Journal 56(3)"
MERGER = 1.0  # change of logs within a year beyond which a firm is taken to have merged or to be misread
BLOCKS = ("cost_of_sales", "research_and_development", "selling", "administrative")
ROUNDING = 0.02  # least noise of a yearly share: printed figures, reclassified items
rows: list[dict[str, object]] = []


def add(parameter: str, transform: str, mean: float, sd: float, unit: str, population: str, n: int, how: str, source: str) -> None:
    prior = Prior(parameter, transform, mean, sd)
    low, high = prior.natural(np.array([mean - 1.96 * sd, mean + 1.96 * sd]))
    rows.append(dict(zip(COLUMNS, (parameter, "normal", transform, mean, sd, low, high, unit, population, n, how, source), strict=True)))


def made(parameter: str) -> dict[str, Any]:
    """Return the row of a prior that was added before."""
    return next(row for row in rows if row["parameter"] == parameter)


def constant(parameter: str, value: float, unit: str, population: str, n: int, how: str, source: str) -> None:
    rows.append(
        dict(zip(COLUMNS, (parameter, "constant", "identity", value, 0.0, value, value, unit, population, n, how, source), strict=True))
    )


def between(first: float, second: float) -> tuple[float, float]:
    """Log-normal prior whose median is the geometric mean of two sources, one sd from each."""
    a, b = np.log(first), np.log(second)
    return (a + b) / 2, abs(a - b) / 2


# ---------------------------------------------------------------- revenue: US panel
def us_growth(folder: Path) -> pd.DataFrame:
    panel = pd.read_csv(folder / "panels/us_bankruptcy/derived_union_firm_years.csv").sort_values(["cik", "fyear"])
    panel = panel[panel["total_revenue"] > 10].copy()  # USD million
    panel["log"] = np.log(panel["total_revenue"])
    by_firm = panel.groupby("cik")
    panel["growth"] = by_firm["log"].diff().where(by_firm["fyear"].diff() == 1)
    panel["age"] = panel["fyear"] - by_firm["fyear"].transform("first")
    panel["entered"] = by_firm["fyear"].transform("first")
    panel["size"] = pd.qcut(by_firm["total_revenue"].transform("first"), 4, labels=False)
    return panel


def autocovariances(panel: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Autocovariances of yearly growth at lags 0 to 3, and their standard errors clustered by firm."""
    table = panel.pivot_table(index="cik", columns="fyear", values="deviation").to_numpy()
    out = []
    for lag in range(4):
        product = table[:, : table.shape[1] - lag] * table[:, lag:]
        total, count = np.nansum(product, axis=1), (~np.isnan(product)).sum(axis=1)
        mean = total.sum() / count.sum()
        out.append((mean, np.sqrt(((total - mean * count) ** 2).sum()) / count.sum()))
    return np.array(out)[:, 0], np.array(out)[:, 1]


def process_moments(kappa: float) -> np.ndarray:
    """Autocovariances of the growth of yearly sums per unit of sigma^2, of stationary growth variance, of firms' mean variance: (4, 3)."""
    weights = np.convolve(np.ones(4), np.ones(4)) / 4  # of seven quarterly steps in one yearly growth
    product, steps = np.convolve(weights, weights), np.arange(-6, 7)
    found = []
    for lag in range(4):
        gap = np.abs(4 * lag + steps)
        found.append((product[gap == 0].sum() / 4, (product * np.exp(-kappa * gap / 4)).sum() / 16, 1.0))
    return np.array(found)


def fit_process(moments: np.ndarray, errors: np.ndarray, half_life: float) -> tuple[np.ndarray, float]:
    """Non-negative least squares for (sigma^2, growth variance, mean variance) at one half-life, and the misfit."""
    solution, misfit = nnls(process_moments(np.log(2) / half_life) / errors[:, None], moments / errors)
    return solution, misfit**2


class Group(NamedTuple):
    """Firms of one size: how many, the autocovariances of their growth with errors, and the misfit at each half-life."""

    firms: int
    moments: np.ndarray
    errors: np.ndarray
    misfit: list[float]

    @property
    def informative(self) -> bool:
        """Whether the misfit tells half-lives apart."""
        return max(self.misfit) - min(self.misfit) > 0.01


def revenue_priors(folder: Path, a_share: pd.DataFrame) -> None:
    panel = us_growth(folder)
    grown = panel.dropna(subset=["growth"]).copy()
    grown["growth"] = grown["growth"].clip(*grown["growth"].quantile([0.005, 0.995]))
    grown["deviation"] = grown["growth"] - grown.groupby("fyear")["growth"].transform("mean")
    speed, groups = reversion_prior(grown)
    spread, firm_sd = volatility_priors(grown, groups, np.log(2) / np.exp(speed))
    growth_volatility_prior(grown, spread, speed)
    chinese = a_share_changes(a_share, "revenue")
    chinese = chinese[chinese["change"].abs() <= MERGER]
    long_run_growth_prior(grown, chinese, firm_sd)
    first_growth_prior(panel)
    market_prior(grown, chinese)


def reversion_prior(grown: pd.DataFrame) -> tuple[float, list[Group]]:
    """Return the mean of the prior (log speed) and the groups by size that it was fitted to."""
    half_lives = np.geomspace(0.25, 8, 60)  # not below the model's step
    groups = []
    for size, firms in grown.groupby("size"):
        moments, errors = autocovariances(firms)
        group = Group(firms["cik"].nunique(), moments, errors, [fit_process(moments, errors, h)[1] for h in half_lives])
        best = float(half_lives[int(np.argmin(group.misfit))])
        solution, _ = fit_process(moments, errors, best)
        groups.append(group)
        print(
            f"US size quarter {size}: autocovariances {moments.round(4)}, half-life {best:.2f} "
            f"(informative: {group.informative}), {solution.round(4)}"
        )
    total = np.sum([group.misfit for group in groups if group.informative], axis=0)
    panel_half_life = float(half_lives[int(np.argmin(total))])
    cited_half_life = np.log(2) / 0.07 / 4
    mean, sd = between(np.log(2) / panel_half_life, np.log(2) / cited_half_life)
    print(f"half-life: panel {panel_half_life:.2f} years, Schwartz and Moon {cited_half_life:.2f}")
    add(
        "mean_reversion",
        "log",
        mean,
        sd,
        "per year",
        f"{US}; one US internet retailer 1999",
        grown["cik"].nunique(),
        f"between the panel's half-life of {panel_half_life:.2f} years (autocovariances of growth, larger half of the firms; the smaller "
        f"half shows none) and {cited_half_life:.2f} years (0.07 per quarter)",
        f"{SOWIDE}; {SCHWARTZ_MOON}",
    )
    return mean, groups


def volatility_priors(grown: pd.DataFrame, groups: list[Group], middle: float) -> tuple[list[float], list[float]]:
    """Return by size the spread of growth around its long-run value and that of firms' own means, at the half-life `middle`."""
    sigma, spread, firm_sd = [], [], []
    for group in groups:
        solution, _ = fit_process(group.moments, group.errors, middle)
        jitter = np.random.default_rng(1).normal(group.moments, group.errors, (400, 4))
        logs = [0.5 * np.log(max(fit_process(m, group.errors, middle)[0][0], 1e-4)) for m in jitter]
        sigma.append((0.5 * np.log(solution[0]), np.var(logs)))
        spread.append(np.sqrt(solution[1]))
        firm_sd.append(np.sqrt(solution[2]))
    pooled = pool(*zip(*sigma, strict=True))
    within = firms_differ(grown)
    log_mean_square = pooled.mean - within**2  # sigma^2 of a group is a mean over its firms
    sd = float(np.sqrt(pooled.tau**2 + pooled.standard_error**2 + within**2))
    print(
        f"sigma by size {np.exp([s[0] for s in sigma]).round(3)}, pooled {pooled}, within {within:.2f}; growth spread {np.round(spread, 3)}"
    )
    add(
        "revenue_volatility",
        "log",
        log_mean_square,
        sd,
        "per square root of a year",
        US,
        len(grown),
        f"autocovariances of growth at a half-life of {middle:.2f} years, pooled over four quarters by size (sd between "
        f"{pooled.tau:.2f}), firms within a quarter differ by {within:.2f} in logs",
        SOWIDE,
    )
    add(
        "long_run_volatility",
        "log",
        sigma[-1][0] - within**2,
        within,
        "per square root of a year",
        US,
        groups[-1].firms,
        "as revenue_volatility, the largest quarter of the firms",
        SOWIDE,
    )
    add(
        "volatility_decay",
        "log",
        float(np.log(0.28)),
        made("mean_reversion")["sd"],
        "per year",
        "one US internet retailer 1999",
        1,
        "0.07 per quarter; standard deviation as for mean_reversion",
        SCHWARTZ_MOON,
    )
    return spread, firm_sd


def firms_differ(grown: pd.DataFrame) -> float:
    """Return how much volatility (log) differs between firms of one size: squared growth two years apart is positively related."""
    ahead = grown.assign(fyear=grown["fyear"] - 2)[["cik", "fyear", "deviation"]]
    pairs = grown.merge(ahead, on=["cik", "fyear"], suffixes=("", "_2"))
    ratios = [
        (p["deviation"] ** 2 * p["deviation_2"] ** 2).mean() / ((p["deviation"] ** 2).mean() * (p["deviation_2"] ** 2).mean())
        for _, p in pairs.groupby("size")
    ]
    return float(np.sqrt(np.log(np.mean(ratios)) / 4))


def growth_volatility_prior(grown: pd.DataFrame, spread: list[float], speed: float) -> None:
    panel_eta = float(np.mean(spread)) * np.sqrt(2 * np.exp(speed))
    cited_eta = 0.03 * 4 / np.sqrt(0.25)
    eta, eta_sd = between(panel_eta, cited_eta)
    add(
        "growth_volatility",
        "log",
        eta,
        eta_sd,
        "per year to the power 3/2",
        f"{US}; one US internet retailer 1999",
        len(grown),
        f"between the panel's {panel_eta:.3f} (spread of growth {np.mean(spread):.3f} around its long-run value) and {cited_eta:.2f} "
        "(0.03 per quarter)",
        f"{SOWIDE}; {SCHWARTZ_MOON}",
    )


def long_run_growth_prior(grown: pd.DataFrame, chinese: pd.DataFrame, firm_sd: list[float]) -> None:
    yearly, means = grown.groupby("fyear")["growth"].agg(["mean", "count"]), chinese.groupby("year")["change"].mean()
    us_mean, us_var = yearly["mean"].mean(), yearly["mean"].var() / len(yearly)
    cn_mean, cn_var = means.mean(), means.var() / len(means)
    pooled = pool([us_mean, cn_mean], [us_var, cn_var])
    firms = float(np.sqrt(np.mean(np.square(firm_sd))))
    print(f"mean growth: US {us_mean:.3f}, A-share {cn_mean:.3f}; firms' own means differ by {firms:.3f}")
    volatility = made("long_run_volatility")
    ito = 0.5 * np.exp(2 * volatility["mean"] + 2 * volatility["sd"] ** 2)
    add(
        "long_run_growth",
        "identity",
        pooled.mean + ito,
        2 * float(np.sqrt(firms**2 + pooled.tau**2 + us_var)),
        "log per year",
        f"{US}; {A_SHARE}",
        len(grown) + len(chinese),
        f"yearly means of growth (US {us_mean:.3f}, A-share {cn_mean:.3f}) pooled, plus half the long-run variance; "
        f"firms' own means differ by {firms:.3f}; standard deviation doubled for private firms of a new industry",
        f"{SOWIDE}; {FINGLM}",
    )


def first_growth_prior(panel: pd.DataFrame) -> None:
    small = panel.groupby("cik")["total_revenue"].transform("first") < 100
    new = panel[small & (panel["entered"] > panel["fyear"].min()) & (panel["age"] <= 1)]["growth"].dropna().clip(-2, 2)
    print(f"first growth of small entrants: mean {new.mean():.3f}, sd {new.std():.3f}")
    add(
        "growth",
        "identity",
        new.mean(),
        2 * new.std(),
        "log per year",
        US,
        len(new),
        "first growth observed of firms that enter the panel after its first year with less than USD 100 million (prior for the first "
        "quarter "
        "seen, not for today); standard deviation doubled because our firms are seen from near their founding",
        SOWIDE,
    )


def market_prior(grown: pd.DataFrame, chinese: pd.DataFrame) -> None:
    yearly, means = grown.groupby("fyear")["growth"].agg(["mean", "count"]), chinese.groupby("year")["change"].mean()
    us_share = float(yearly["mean"].var() / grown["growth"].var())
    cn_share = float(means.var() / chinese["change"].var())
    low, high = sorted((np.sqrt(us_share), np.sqrt(cn_share)))
    logits = np.log(np.array([low, high]) / (1 - np.array([low, high])))
    add(
        "market_loading",
        "logit",
        logits.mean(),
        max(float(np.ptp(logits) / 2), 0.3),
        "correlation",
        f"{US}; {A_SHARE}",
        len(yearly) + len(means),
        f"square root of the share of the variance of growth that all firms of a year have in common: {low:.2f} and {high:.2f}",
        f"{SOWIDE}; {FINGLM}",
    )


# ---------------------------------------------------------------- costs and cash: A-share panel
def a_share_changes(panel: pd.DataFrame, numerator: str, denominator: str | None = None, transform: str = "log") -> pd.DataFrame:
    """Change of a line item (or of its share) from one year to the next: columns firm, year, change."""
    value = panel[numerator] if denominator is None else panel[numerator] / panel[denominator]
    value = value.where(value > 0)
    value = np.log(value) if transform == "log" else np.log(value / (1 - value).where(value < 1))
    wide = panel[["firm", "year"]].assign(value=value).pivot_table(index="firm", columns="year", values="value")
    return wide.diff(axis=1).reset_index().melt("firm", var_name="year", value_name="change").dropna().astype({"year": int})


def noise_and_walk(changes: pd.DataFrame) -> tuple[float, float, int]:
    """Standard deviations of one year's noise and of a year's lasting change, from two successive changes.

    Robust, because the panels are read by machine: interquartile ranges and a rank correlation.
    """
    wide = changes.pivot_table(index="firm", columns="year", values="change").dropna()
    scale = (wide.quantile(0.75) - wide.quantile(0.25)) / 1.349
    correlation = 2 * np.sin(np.pi / 6 * wide.corr(method="spearman").to_numpy()[0, 1])
    noise = max(-correlation * float(scale.prod()), 0.0)
    walk = max(float((scale**2).mean()) - 2 * noise, 0.0)
    return max(float(np.sqrt(noise)), ROUNDING), float(np.sqrt(walk)), len(wide)


def share_prior(panel: pd.DataFrame, parameter: str, numerator: str, denominator: str, transform: str, unit: str) -> None:
    value = panel[numerator] / panel[denominator]
    value = value[(value > 0) & ((value < 1) | (transform == "log"))]
    z = np.log(value) if transform == "log" else np.log(value / (1 - value))
    add(
        parameter,
        transform,
        z.median(),
        z.std(),
        unit,
        A_SHARE,
        len(z),
        f"{numerator} / {denominator}: median and standard deviation",
        FINGLM,
    )
    if parameter not in BLOCKS:
        movement(parameter, *noise_and_walk(a_share_changes(panel, numerator, denominator, transform)), A_SHARE, FINGLM)


def movement(parameter: str, noise: float, walk: float, n: int, population: str, source: str) -> None:
    constant(
        f"{parameter}_noise",
        noise,
        "sd of one year, on the transformed scale",
        population,
        n,
        "minus the lag-1 autocovariance of yearly changes (of cost: beyond its response to revenue)",
        source,
    )
    constant(
        f"{parameter}_walk",
        walk,
        "sd per square root of a year, on the transformed scale",
        population,
        n,
        "variance of yearly changes less twice the noise",
        source,
    )


def elasticities(panel: pd.DataFrame) -> None:
    revenue = a_share_changes(panel, "revenue")
    size = panel.groupby("firm")["revenue"].first()
    for block in BLOCKS:
        both = a_share_changes(panel, block).merge(revenue, on=["firm", "year"], suffixes=("", "_revenue"))
        both = both[(both["change"].abs() <= MERGER) & (both["change_revenue"].abs() <= MERGER)]
        both["size"] = pd.qcut(both["firm"].map(size), 4, labels=False)
        fits, spread = zip(*(cost_response(group) for _, group in both.groupby("size")), strict=True)
        both["change"] = pd.concat([f.resid for f in fits])
        movement(block, *noise_and_walk(both[["firm", "year", "change"]]), A_SHARE, FINGLM)
        for side in ("up", "down"):
            elasticity_prior(block, side, fits, [s[side] for s in spread], len(both))
        drift_prior(block, fits, sorted(both["year"].unique()), len(both))


def cost_response(group: pd.DataFrame) -> tuple[Any, dict[str, float]]:
    """Regress the change of a cost on rising and falling revenue with year effects; also how much firms' own elasticities differ."""
    design = pd.DataFrame({"up": group["change_revenue"].clip(lower=0), "down": group["change_revenue"].clip(upper=0)})
    for year in sorted(group["year"].unique()):
        design[f"y{year}"] = (group["year"] == year).astype(float)
    fit = sm.OLS(group["change"], design).fit(cov_type="cluster", cov_kwds={"groups": group["firm"]})
    # the variance of what is left grows with the square of the change of revenue
    left = sm.OLS(fit.resid**2, sm.add_constant(design[["up", "down"]] ** 2)).fit()
    return fit, {side: float(left.params[side]) for side in ("up", "down")}


def elasticity_prior(block: str, side: str, fits: Sequence[Any], spread: list[float], n: int) -> None:
    estimates = [float(f.params[side]) for f in fits]
    variances = [float(f.bse[side] ** 2) for f in fits]
    sources = FINGLM
    if block in ("selling", "administrative"):
        estimates, variances, sources = [*estimates, CITED[side]], [*variances, 0.01**2], f"{FINGLM}; {ABJ}"
    pooled = pool(estimates, variances)
    firms = max(float(np.mean(spread)), 0.0)
    sd = float(np.sqrt(pooled.tau**2 + pooled.standard_error**2 + firms))
    print(f"{block} {side}: {np.round(estimates, 2)} -> {pooled.mean:.2f}, sd {sd:.2f}")
    log_sd = float(np.sqrt(np.log1p((sd / pooled.mean) ** 2)))
    add(
        f"{block}_{side}",
        "log",
        float(np.log(pooled.mean) - log_sd**2 / 2),
        log_sd,
        "elasticity",
        A_SHARE,
        n,
        f"log change of cost on log {'rise' if side == 'up' else 'fall'} of revenue with year effects, four quarters by size"
        f"{' and the published estimate' if 'Anderson' in sources else ''}, pooled; firms' own differ by {firms**0.5:.2f}",
        sources,
    )


def drift_prior(block: str, fits: Sequence[Any], years: list[int], n: int) -> None:
    if block == "selling":  # in 2020 freight moved from selling to cost of sales (PRC revenue standard), which is no drift
        years = years[1:]
    drifts = [float(f.params[f"y{y}"]) for f in fits for y in years]
    errors = [float(f.bse[f"y{y}"] ** 2) for f in fits for y in years]
    pooled = pool(drifts, errors)
    add(
        f"{block}_drift",
        "identity",
        pooled.mean,
        float(np.sqrt(pooled.tau**2 + pooled.standard_error**2)),
        "log per year",
        A_SHARE,
        n,
        f"change of cost at unchanged revenue: year effects of {', '.join(map(str, years))} by size, pooled",
        FINGLM,
    )


def cash_priors(folder: Path, panel: pd.DataFrame) -> None:
    us_shares(folder)
    panel = panel.assign(
        loss=-panel["impairment"].where(panel["impairment"] < 0),
        cost=panel[["cost_of_sales", "research_and_development", "selling", "administrative"]].sum(axis=1, min_count=3),
    )
    share_prior(panel, "loss_rate", "loss", "revenue", "logit", "share of revenue")
    other_cash_priors(panel)
    share_prior(panel, "capital_expenditure", "capital_expenditure", "revenue", "log", "share of revenue")
    capital_expenditure_prior(panel)


def us_shares(folder: Path) -> None:
    """Non-cash cost and receivables, from the US panel."""
    us = pd.read_csv(folder / "panels/us_bankruptcy/derived_union_firm_years.csv")
    us = us[us["total_revenue"] > 10].rename(columns={"cik": "firm", "fyear": "year"})
    for parameter, top, bottom, transform, factor, unit in (
        ("noncash", "depreciation_and_amortization", "total_operating_expenses", "logit", 1.0, "share of cost"),
        ("collection_lag", "total_receivables", "total_revenue", "log", 4.0, "quarters of revenue"),
    ):
        table = us.assign(top=us[top] * factor)
        value = table["top"] / table[bottom]
        value = value[(value > 0) & ((value < 1) | (transform == "log"))]
        z = np.log(value) if transform == "log" else np.log(value / (1 - value))
        changes = a_share_changes(table, "top", bottom, transform)
        steps = [noise_and_walk(changes[changes["year"].isin([y, y + 1])]) for y in range(2001, 2018)]
        noise, walk = (float(np.sqrt(np.average([s[i] ** 2 for s in steps], weights=[s[2] for s in steps]))) for i in (0, 1))
        late = parameter == "collection_lag"
        add(
            parameter,
            transform,
            z.median(),
            (2 if late else 1) * z.std(),
            unit,
            US,
            len(z),
            f"{top} / {bottom}"
            + (" x 4" if late else "")
            + ": median and standard deviation"
            + ("; doubled because public customers pay late" if late else "; share-based payment is not in it"),
            SOWIDE,
        )
        movement(parameter, noise, walk, sum(s[2] for s in steps), US, SOWIDE)


def other_cash_priors(panel: pd.DataFrame) -> None:
    """What operating cash flow holds beyond revenue collected and cash cost."""
    noncash, loss = (1 / (1 + np.exp(-made(name)["mean"])) for name in ("noncash", "loss_rate"))
    lag = np.exp(made("collection_lag")["mean"]) / 4
    previous = panel.set_index(["firm", "year"])["revenue"].groupby("firm").shift()
    panel = panel.set_index(["firm", "year"]).assign(previous=previous).reset_index()
    other = (
        panel["operating_cash_flow"]
        - panel["revenue"] * (1 - loss)
        + lag * (panel["revenue"] - panel["previous"])
        + panel["cost"] * (1 - noncash)
    )
    other = (other / panel["revenue"]).where(lambda v: v.abs() <= MERGER)
    wide = panel[["firm", "year"]].assign(other=other).pivot_table(index="firm", columns="year", values="other").dropna()
    covariance = np.cov((wide - wide.mean()).to_numpy().T)
    noise = float(np.sqrt(np.diag(covariance).mean() - covariance[0, 1]))
    add(
        "other_income",
        "identity",
        other.median(),
        2 * float(np.sqrt(covariance[0, 1] + noise**2)),
        "share of revenue",
        A_SHARE,
        int(other.notna().sum()),
        f"operating cash flow less revenue collected plus cash cost, at a loss rate of {loss:.3f}, non-cash share {noncash:.3f} "
        f"and receivables "
        f"of {lag:.2f} years of revenue: median and standard deviation; doubled because firms that spend two to three times their revenue "
        f"owe suppliers and receive grants of another size",
        f"{FINGLM}; {SOWIDE}",
    )
    add(
        "cash_volatility",
        "log",
        float(np.log(2 * noise)),
        0.5 * abs(np.log(covariance[0, 1] / noise**2)),
        "share of quarterly revenue",
        A_SHARE,
        len(wide),
        "twice the yearly noise of other_income (four independent quarters); standard deviation: half the log ratio of lasting to passing "
        "variance between firms",
        FINGLM,
    )


def capital_expenditure_prior(panel: pd.DataFrame) -> None:
    revenue = a_share_changes(panel, "revenue")
    both = a_share_changes(panel, "capital_expenditure").merge(revenue, on=["firm", "year"], suffixes=("", "_revenue"))
    both = both[both["change_revenue"].abs() <= MERGER]
    design = sm.add_constant(both["change_revenue"])
    fit = sm.OLS(both["change"].clip(-2, 2), design).fit(cov_type="cluster", cov_kwds={"groups": both["firm"]})
    slope, error = float(fit.params.iloc[1]), float(fit.bse.iloc[1])
    add(
        "capex_variable",
        "logit",
        float(np.log(slope / (1 - slope))),
        max(error / slope / (1 - slope), 0.5),
        "share of capital expenditure",
        A_SHARE,
        len(both),
        f"elasticity of capital expenditure to revenue {slope:.2f} (se {error:.2f}); the rest does not move with revenue",
        FINGLM,
    )


def season_priors(folder: Path) -> None:
    income = pd.read_csv(folder / "tables/taidibei/income_sheet.csv")
    cash = pd.read_csv(folder / "tables/taidibei/cash_flow_sheet.csv")
    for parameter, table, column in (
        ("first_half_revenue", income, "total_operating_revenue"),
        ("first_half_collections", cash, "operating_cf_cash_from_sales"),
    ):
        wide = table.pivot_table(index="stock_code", columns="report_period", values=column)
        shares = pd.concat([wide[f"{y}H1"] / wide[f"{y}FY"] for y in (2023, 2024)])
        shares = shares[(shares > 0.05) & (shares < 0.95)]
        z = np.log(shares / (1 - shares))
        add(
            parameter,
            "logit",
            z.mean(),
            2 * z.std(),
            "share of a year",
            PHARMA,
            len(z),
            f"{column}: first half / year; standard deviation "
            "doubled because sales to public customers are known to fall into the second half",
            TAIDIBEI,
        )
    wide = income.pivot_table(index="stock_code", columns="report_period", values="total_operating_revenue")
    before, after = (wide[f"{y}H1"] / wide[f"{y}FY"] for y in (2023, 2024))
    both = before.between(0.05, 0.95) & after.between(0.05, 0.95)
    change = np.log(after[both] / (1 - after[both])) - np.log(before[both] / (1 - before[both]))
    constant(
        "first_half_revenue_walk",
        change.std(),
        "sd per square root of a year, on the transformed scale",
        PHARMA,
        len(change),
        "change from 2023 to 2024: standard deviation; all change is taken as lasting",
        TAIDIBEI,
    )


def main(folder: Path, output: Path) -> None:
    a_share = read_a_share_panel(folder / "tables/finglm_a_share")
    a_share = a_share[a_share["revenue"] > 1e7].copy()
    raw = pd.read_excel(folder / "tables/finglm_a_share/profit_statement.xlsx", engine="calamine")
    raw = raw.assign(firm=raw["证券代码"].astype(str).str.zfill(6), year=raw["年份"].astype(int))
    impairment = pd.to_numeric(raw["信用减值损失"], errors="coerce").where(lambda v: v != -1)
    a_share = a_share.merge(raw[["firm", "year"]].assign(impairment=impairment), on=["firm", "year"], how="left", validate="one_to_one")
    print(f"A-share firm-years with revenue above CNY 10 million: {len(a_share)}")
    revenue_priors(folder, a_share)
    season_priors(folder)
    for block in BLOCKS:
        share_prior(a_share, block, block, "revenue", "log", "share of revenue")
    elasticities(a_share)
    cash_priors(folder, a_share)
    with written(output) as temporary:
        pd.DataFrame(rows)[COLUMNS].to_csv(temporary, index=False, float_format="%.4g", lineterminator="\n")
    print(pd.DataFrame(rows)[["parameter", "transform", "mean", "sd", "low", "high", "n"]].round(4).to_string())


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    main(Path(sys.argv[1]), Path(sys.argv[2]) if len(sys.argv) > 2 else Path(__file__).parent.parent / "data/priors.csv")
