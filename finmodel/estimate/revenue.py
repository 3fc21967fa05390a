"""Growth seen through sums over halves and years: the posterior of the revenue process, exact up to quadrature and a log-linear sum."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy import special
from scipy.stats import qmc

from finmodel.estimate.priors import Array, Prior, movements

DT = 0.25
"""Step of the model: one quarter, in years."""
STRATA, PER_STRATUM = 64, 128
"""Quadrature over the speed of mean reversion, and points of the other process parameters at each node (powers of two)."""


@dataclass(frozen=True)
class RevenueData:
    """Revenue of one firm in disjoint periods, on a line of quarters that ends today.

    Attributes
    ----------
    log_revenue : tuple of float, length n
        Log of the revenue of each period, in any currency unit.
    first, last : tuple of int, length n
        First and last quarter of each period, counted from 0.
    second_half : tuple of bool, length quarters
        Whether a quarter lies in July to December. Its length is the number of quarters up to today.
    """

    log_revenue: tuple[float, ...]
    first: tuple[int, ...]
    last: tuple[int, ...]
    second_half: tuple[bool, ...]


@dataclass(frozen=True, eq=False)
class RevenuePosterior:
    """Posterior of the revenue process on a stratified set of points, with level and growth integrated out exactly.

    Attributes
    ----------
    kappa : ndarray, shape (strata,)
        Nodes of equal prior probability.
    log_evidence : ndarray, shape (strata,)
        Log likelihood of the data given kappa, everything else integrated out.
    log_profile : ndarray, shape (strata,)
        Log likelihood given kappa at the best of the other points.
    points : ndarray, shape (strata, points, 3)
        eta, sigma, share of the first half in the latest year, on their natural scales.
    log_likelihood : ndarray, shape (strata, points)
    mean : ndarray, shape (strata, points, 3)
        Of log quarterly revenue today, growth today, long-run growth, given the data and the point.
    covariance : ndarray, shape (strata, points, 3, 3)
    """

    kappa: Array
    log_evidence: Array
    log_profile: Array
    points: Array
    log_likelihood: Array
    mean: Array
    covariance: Array

    def draw(self, rng: np.random.Generator, n: int, log_kappa: Array) -> dict[str, Array]:
        """Return `n` joint draws.

        Parameters
        ----------
        rng : numpy.random.Generator
        n : int
        log_kappa : ndarray, shape (strata,)
            What all data say about kappa: the log evidence of this firm, plus that of others that share kappa.
        """
        log_weight = self.log_likelihood - special.logsumexp(self.log_likelihood, axis=1, keepdims=True) + log_kappa[:, None]
        weight = np.exp(log_weight - log_weight.max()).ravel()
        ladder = (np.arange(n) + rng.random()) / n * weight.sum()
        flat = rng.permutation(np.minimum(np.searchsorted(np.cumsum(weight), ladder), weight.size - 1))
        node, point = np.divmod(flat, self.points.shape[1])
        root = np.linalg.cholesky(self.covariance.reshape(-1, 3, 3)[flat])
        state = self.mean.reshape(-1, 3)[flat] + np.einsum("nij,nj->ni", root, rng.standard_normal((n, 3)))
        eta, sigma, share = self.points[node, point].T
        return {
            "revenue": np.exp(state[:, 0]),
            "growth": state[:, 1],
            "long_run_growth": state[:, 2],
            "mean_reversion": self.kappa[node],
            "growth_volatility": eta,
            "revenue_volatility": sigma,
            "first_half_revenue": share,
        }

    @property
    def effective_points(self) -> float:
        """Number of points that carry the posterior (Kish)."""
        weight = np.exp(self.log_likelihood - self.log_likelihood.max())
        return float(weight.sum() ** 2 / (weight**2).sum())


REVENUE_PRIORS = ("growth", "long_run_growth", "mean_reversion", "growth_volatility", "revenue_volatility", "first_half_revenue")
"""Priors that :func:`revenue_posterior` needs; ``growth`` is the one of the first quarter seen."""


def revenue_posterior(data: RevenueData, priors: Mapping[str, Prior], common: bool = False) -> RevenuePosterior:
    r"""Return the posterior of the revenue process given sums over halves and years.

    Parameters
    ----------
    data : RevenueData
        May be empty (n = 0): then the posterior is the prior carried to today.
    priors : mapping
        Those of :data:`REVENUE_PRIORS`.
    common : bool
        Whether all nodes of kappa use the same points, so that their errors cancel in the evidence on kappa; otherwise each has its own,
        so that draws are as diverse as they can be.

    Notes
    -----
    With x the log of deseasonalised quarterly revenue, g its drift, dt a quarter,

    .. math:: x' = x + (g - \sigma^2/2) dt + \sigma \sqrt{dt} z_1, \quad
              g' = m + (g - m) e^{-\kappa dt} + \eta \sqrt{(1 - e^{-2 \kappa dt}) / 2 \kappa} z_2,

    and a printed period is the sum over its quarters of exp(x) times 2s (January to June) or 2 (1 - s). The logit of s is a random walk
    from year to year, s that of the latest year. Given kappa, eta, sigma and s the log of a sum is linear in x and in the walk to second
    order around the most likely path, so data, level and growth are jointly normal; the four are integrated by quasi-Monte Carlo over
    their priors, kappa at nodes of equal prior probability. The level's prior is flat.

    References
    ----------
    Schwartz, E. S. and Moon, M. (2000), Financial Analysts Journal 56(3); Mariano, R. S. and Murasawa, Y. (2003), Journal of Applied
    Econometrics 18(4), for sums of log-linear quarters.
    """
    kappa, points = _points(priors, common)
    centre = np.array([np.exp(priors["growth_volatility"].mean), np.exp(priors["revenue_volatility"].mean)])
    share = float(special.expit(priors["first_half_revenue"].mean))
    path, observed = _first_path(data), np.array(data.log_revenue)
    for _ in range(3 if len(observed) else 0):  # most likely path at the centre of the priors
        weights, offset, drift = _log_linear(data, path, np.array([share]), share)
        model = _LinearModel(data, weights, priors, np.exp(priors["mean_reversion"].mean), path=True)
        path = model.condition(observed - offset[0], centre[0], centre[1], drift[0])
    weights, offset, drift = _log_linear(data, path, points[..., 2].reshape(-1), share)
    residual, drift = ((a.reshape(*points.shape[:2], *a.shape[1:])) for a in (observed - offset, drift))
    parts = [_LinearModel(data, weights, priors, k).posterior(r, p, d) for k, r, p, d in zip(kappa, residual, points, drift, strict=True)]
    log_likelihood, mean, covariance = (np.stack(column) for column in zip(*parts, strict=True))
    evidence = special.logsumexp(log_likelihood, axis=1) - np.log(points.shape[1])
    return RevenuePosterior(kappa, evidence, log_likelihood.max(1), points, log_likelihood, mean, covariance)


def _points(priors: Mapping[str, Prior], common: bool) -> tuple[Array, Array]:
    """Return nodes of kappa of equal prior probability, and scrambled Sobol points of eta, sigma and s at each, from their priors."""
    if common:
        uniform = np.broadcast_to(qmc.Sobol(4, seed=20211210).random(PER_STRATUM), (STRATA, PER_STRATUM, 4))
    else:
        uniform = qmc.Sobol(4, seed=20211210).random(STRATA * PER_STRATUM)
        uniform = uniform[np.argsort(np.floor(uniform[:, 0] * STRATA), kind="stable")].reshape(STRATA, PER_STRATUM, 4)
    normal = special.ndtri(np.clip(uniform[..., 1:], 1e-12, 1 - 1e-12))
    names = ("growth_volatility", "revenue_volatility", "first_half_revenue")
    points = np.stack([priors[n].natural(priors[n].mean + priors[n].sd * normal[..., i]) for i, n in enumerate(names)], axis=-1)
    speed = priors["mean_reversion"]
    nodes = special.ndtri((np.arange(STRATA) + 0.5) / STRATA)
    return speed.natural(speed.mean + speed.sd * nodes), points


def _first_path(data: RevenueData) -> Array:
    quarters = len(data.second_half)
    if not data.log_revenue:
        return np.zeros(quarters)
    first, last = np.array(data.first), np.array(data.last)
    middle = (first + last) / 2
    order = np.argsort(middle)
    rate = np.array(data.log_revenue) - np.log(last - first + 1)
    path: Array = np.interp(np.arange(quarters), middle[order], rate[order])
    return path


def _log_linear(data: RevenueData, path: Array, shares: Array, centre: float) -> tuple[Array, Array, Array]:
    """Linearise the log of each period's sum around `path`.

    Returns weights (n, quarters) at one share, and at each share the offsets (shares, n) and what the season's drift adds to the
    covariance of the sums (shares, n, n).
    """
    quarter, second = np.arange(len(path)), np.array(data.second_half)
    inside = (quarter >= np.array(data.first)[:, None]) & (quarter <= np.array(data.last)[:, None])
    season = np.log(np.where(second, 2 * (1 - shares[:, None]), 2 * shares[:, None]))  # (shares, quarters)
    parts = np.where(inside, (season + path)[:, None, :], -np.inf)
    total = special.logsumexp(parts, axis=-1)  # (shares, n)
    usual = path + np.log(np.where(second, 2 * (1 - centre), 2 * centre))
    weights = special.softmax(np.where(inside, usual, -np.inf), axis=1) if len(data.first) else np.zeros((0, len(path)))
    return weights, total - weights @ path, _season_drift(np.exp(parts - total[..., None]), second, shares)


def _season_drift(weights: Array, second: Array, shares: Array) -> Array:
    """Covariance of the log sums (shares, n, n) that comes from the first half's share having been another in earlier years."""
    year = np.concatenate([[0], np.cumsum(second[:-1] > second[1:])])
    by_year = np.arange(year[-1] + 1) == year[:, None]  # (quarters, years)
    slope = np.where(second, -shares[:, None], 1 - shares[:, None])  # of the log of a quarter's revenue in the logit of the share
    loading = (weights * slope[:, None, :]) @ by_year
    ago = year[-1] - np.arange(year[-1] + 1)
    walk = movements()["first_half_revenue"][1]
    covariance: Array = walk**2 * loading @ np.minimum.outer(ago, ago) @ np.swapaxes(loading, 1, 2)
    return covariance


class _LinearModel:
    """Joint normal of the data and of today's state, given kappa: matrices that eta^2 and sigma^2 multiply.

    Rows are the data, then either the state today (level, growth, long-run growth) or the whole path of levels.
    """

    def __init__(self, data: RevenueData, weights: Array, priors: Mapping[str, Prior], kappa: float, path: bool = False) -> None:
        quarters = len(data.second_half)
        time = np.arange(quarters) * DT
        sums = np.tri(quarters, k=-1) * DT  # growth at the start of each step, summed up to a quarter
        unit = np.eye(quarters)
        levels = unit if path else unit[-1:]
        on_level = np.vstack([weights, levels] if path else [weights, levels, np.zeros((2, quarters))])
        on_growth = on_level @ sums
        if not path:
            on_growth[-2] = unit[-1]
        decay = np.exp(-kappa * time)
        start, long_run = priors["growth"], priors["long_run_growth"]
        from_start, from_long_run = on_growth @ decay, on_growth @ (1 - decay)
        if not path:
            from_long_run[-1] = 1.0
        loading = on_level.sum(1)
        ou = (np.exp(-kappa * np.abs(np.subtract.outer(time, time))) - np.outer(decay, decay)) / (2 * kappa)
        flat = 10.0**2  # variance of the log level at the first quarter: flat for any firm
        self.n = len(weights)
        self.fixed = (
            start.sd**2 * np.outer(from_start, from_start)
            + long_run.sd**2 * np.outer(from_long_run, from_long_run)
            + flat * np.outer(loading, loading)
        )
        self.by_eta = on_growth @ ou @ on_growth.T
        self.by_sigma = on_level @ np.minimum.outer(time, time) @ on_level.T
        self.mean = start.mean * from_start + long_run.mean * from_long_run
        self.drag = -0.5 * np.diagonal(self.by_sigma)  # per sigma^2: a sum of log-normals keeps its expectation
        self.base = float(np.mean(data.log_revenue)) - 1.0 if self.n else 0.0
        self.loading = loading

    def posterior(self, residual: Array, points: Array, drift: Array) -> tuple[Array, Array, Array]:
        """Log likelihood (points,), mean (points, state) and covariance (points, state, state) given each point of eta and sigma.

        `drift` (points, n, n) is the covariance of the data that the season's drift adds.
        """
        n = self.n
        eta2, sigma2 = points[:, 0, None, None] ** 2, points[:, 1, None, None] ** 2
        joint = self.fixed + eta2 * self.by_eta + sigma2 * self.by_sigma
        mean = self.base * self.loading + self.mean + sigma2[:, 0] * self.drag
        if n == 0:
            return np.zeros(len(points)), mean, joint
        joint[:, :n, :n] += drift
        root = np.linalg.cholesky(joint[:, :n, :n])
        gap = np.linalg.solve(root, (residual - mean[:, :n])[..., None])
        cross = np.linalg.solve(root, joint[:, :n, n:])
        log_det = np.log(np.diagonal(root, axis1=1, axis2=2)).sum(1)
        log_likelihood = -0.5 * (gap[..., 0] ** 2).sum(1) - log_det - 0.5 * n * np.log(2 * np.pi)
        transposed = np.swapaxes(cross, 1, 2)
        return log_likelihood, mean[:, n:] + (transposed @ gap)[..., 0], joint[:, n:, n:] - transposed @ cross

    def condition(self, residual: Array, eta: float, sigma: float, drift: Array) -> Array:
        """Mean of the remaining rows given the data, at one point."""
        mean: Array = self.posterior(residual[None], np.array([[eta, sigma]]), drift[None])[1][0]
        return mean
