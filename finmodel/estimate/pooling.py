"""Few groups: their pooled mean, a level that drifts, and one firm's level shrunken towards the others'."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import special
from scipy.special import ndtri, stdtrit

from finmodel.estimate.priors import Array, Prior


@dataclass(frozen=True)
class Pooled:
    """Mean of a few groups that differ: estimate, interval, and how much they differ.

    Attributes
    ----------
    mean, low, high : float
        Mean of the groups' distribution and its 95 % interval.
    standard_error : float
    tau : float
        Standard deviation between groups.
    groups : int
    """

    mean: float
    low: float
    high: float
    standard_error: float
    tau: float
    groups: int


def pool(estimates: Sequence[float], variances: Sequence[float], conservative: bool = False) -> Pooled:
    """Return the random-effects mean of a few groups: Paule-Mandel variance between them, Knapp-Hartung interval.

    Parameters
    ----------
    estimates, variances : sequence of float, length k >= 2
        One estimate per group and its sampling variance.
    conservative : bool
        Modified Knapp-Hartung: never narrower than the interval without their correction.

    Raises
    ------
    ValueError
        With fewer than two groups: one group says nothing about how groups differ.

    Notes
    -----
    With four groups the normal interval covers about 87 %, Knapp-Hartung 93 to 95 %, the modified form 95 % or more.

    References
    ----------
    Paule, R. C. and Mandel, J. (1982), Journal of Research of the NBS 87; Knapp, G. and Hartung, J. (2003), Statistics in Medicine 22.

    Examples
    --------
    >>> pooled = pool([0.1, 0.3, 0.2, 0.5], [0.01, 0.01, 0.02, 0.03])
    >>> round(pooled.mean, 3), round(pooled.low, 3), round(pooled.high, 3), round(pooled.tau, 3)
    (0.247, -0.001, 0.494, 0.095)
    """
    from statsmodels.stats.meta_analysis import combine_effects

    if len(estimates) < 2:
        raise ValueError(f"pooling needs at least two groups, not {len(estimates)}")
    fit = combine_effects(  # type: ignore[no-untyped-call]
        np.asarray(estimates, float), np.asarray(variances, float), method_re="iterated"
    )
    scale = max(1.0, fit.scale_hksj_re) if conservative else fit.scale_hksj_re
    error = float(np.sqrt(scale / fit.weights_re.sum()))
    half = float(stdtrit(len(estimates) - 1, 0.975)) * error
    mean = float(fit.mean_effect_re)
    return Pooled(mean, mean - half, mean + half, error, float(np.sqrt(fit.tau2)), len(estimates))


@dataclass(frozen=True, eq=False)
class Mixture:
    """A distribution given as normals with weights.

    Attributes
    ----------
    weights, means, sds : ndarray, shape (k,)
    """

    weights: Array
    means: Array
    sds: Array

    @property
    def variance(self) -> float:
        """Variance of the whole."""
        mean = self.weights @ self.means
        return float(self.weights @ (self.sds**2 + self.means**2) - mean**2)

    def draw(self, rng: np.random.Generator, n: int) -> Array:
        """Return `n` draws."""
        node = rng.choice(len(self.weights), n, p=self.weights)
        return self.means[node] + self.sds[node] * rng.standard_normal(n)


def level_now(values: Sequence[float], ages: Sequence[float], noise: float, walk: float) -> tuple[float, float]:
    """Return the estimate of a drifting level today, and its variance, from noisy readings of known age.

    The level is a random walk (`walk` per square root of a year); a reading is the level at its time plus noise.

    Parameters
    ----------
    values, ages : sequence of float, same length >= 1
        Readings and their ages in years.
    noise, walk : float
        Standard deviations.

    Examples
    --------
    >>> estimate, variance = level_now([1.0, 2.0], [0.0, 1.0], noise=0.1, walk=0.0)
    >>> round(estimate, 6), round(variance, 6)
    (1.5, 0.005)
    """
    age = np.asarray(ages, float)
    covariance = walk**2 * np.minimum.outer(age, age) + noise**2 * np.eye(len(age))
    precision = np.linalg.solve(covariance, np.ones(len(age)))
    total = precision.sum()
    return float(precision @ np.asarray(values, float) / total), float(1 / total)


def shrunken(own: tuple[float, float] | None, peers: Sequence[tuple[float, float]], prior: Prior, nodes: int = 64) -> Mixture:
    """Return the posterior of one firm's level: its own estimate shrunk towards its peers, and all of them towards the prior.

    Firm levels are normal around a common mean with standard deviation tau. The prior's variance is halved between the two: the
    common mean is normal with half of it, tau half-normal with the other half as its mean square. tau is integrated out by
    quadrature at equal-probability nodes.

    Parameters
    ----------
    own : (float, float) or None
        Estimate and variance on the prior's scale; None where nothing is disclosed.
    peers : sequence of (float, float)
        The same for other firms.
    prior : Prior

    References
    ----------
    Gelman, A. (2006), Bayesian Analysis 1(3), on half-normal and half-t priors for few groups.

    Examples
    --------
    >>> alone = shrunken((1.0, 1e-12), [], Prior("x", "identity", 0.0, 1.0))
    >>> round(float(alone.weights @ alone.means), 6)
    1.0
    """
    half = prior.sd / np.sqrt(2)
    tau = half * ndtri((1 + (np.arange(nodes) + 0.5) / nodes) / 2)
    data = [*peers, own] if own is not None else list(peers)
    estimate = np.array([d[0] for d in data], float).reshape(-1)
    variance = np.array([d[1] for d in data], float).reshape(-1)
    spread = tau[:, None] ** 2 + variance  # of an estimate around the common mean, given tau: (nodes, k)
    precision = 1 / half**2 + (1 / spread).sum(1)
    centre = (prior.mean / half**2 + (estimate / spread).sum(1)) / precision
    gap = estimate - prior.mean
    log_weight = -0.5 * (np.log(spread).sum(1) + np.log(precision) + (gap**2 / spread).sum(1) - (gap / spread).sum(1) ** 2 / precision)
    weights = special.softmax(log_weight)
    if own is None:
        return Mixture(weights, centre, np.sqrt(tau**2 + 1 / precision))
    # the firm's level given the common mean is normal; the mean given everything else leaves out the firm's own estimate
    others = precision - 1 / spread[:, -1]
    around = (centre * precision - own[0] / spread[:, -1]) / others
    before = tau**2 + 1 / others
    after = 1 / (1 / before + 1 / own[1])
    return Mixture(weights, after * (around / before + own[0] / own[1]), np.sqrt(after))
