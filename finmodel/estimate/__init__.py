"""Estimation of the cash model's parameters: a panel's prior for each, updated by the firm's few facts, with the prior's share stated.

Three kinds of evidence, each with a posterior that is exact for its stated model:

- revenue of halves and years updates growth, its volatility and reversion, and the season; the speed of reversion is shared by all firms;
- ratios of twelve months (cost blocks, capital expenditure, non-cash cost, receivables, impairment) are levels that drift, shrunken
  towards the other firms' and the panel's;
- reported operating cash flow updates what is left: other operating cash.

What is not disclosed stays at the prior and says so.
"""

from finmodel.estimate.parameters import Parameters, estimate_parameters
from finmodel.estimate.pooling import Pooled, pool
from finmodel.estimate.priors import Prior, shipped_priors

__all__ = ["Parameters", "Pooled", "Prior", "estimate_parameters", "pool", "shipped_priors"]
