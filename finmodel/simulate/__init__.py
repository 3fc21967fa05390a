"""The cash model's paths: from a firm's parameters and scenarios to the quarter in which its liquid funds run out.

After Schwartz and Moon (2000, 2001): growth reverts to its mean, revenue follows with a decaying volatility, costs answer stickily,
money is collected with a lag and a loss, and the firm runs out of cash when its liquid funds touch the barrier. One step is a
quarter; inside it liquid funds are a Brownian bridge, so that a fall below the barrier between two quarter ends is not missed.

With g growth, x log revenue before the season, and dt a quarter::

    x' = x + (g - sigma^2 / 2) dt + sigma sqrt(dt) e,   e = rho Z_market + sqrt(1 - rho^2) Z_firm
    g' = m + (g - m) e^(-kappa dt) + eta sqrt((1 - e^(-2 kappa dt)) / (2 kappa)) Z,   sigma' = long + (sigma - long) e^(-decay dt)
    log C' = log C + drift dt + up max(d, 0) + down min(d, 0),   d = x' - x for cost of sales, (x' - x four quarters ago) / 4 for the others

Elasticities are measured on annual changes: answering to quarterly noise, sticky blocks would ratchet up twice as fast.
"""

from finmodel.simulate.inputs import build_inputs, collection_rates, derive, firm_hash, market_window, uniforms
from finmodel.simulate.paths import LEVELS, Paths, check_ranges, simulate, summarise
from finmodel.simulate.specification import BLOCKS, NEVER, PARAMETERS, QUARTERS_MOST, Firm, Floats, Parameter, Scenarios, check_firms

__all__ = [
    "BLOCKS",
    "LEVELS",
    "NEVER",
    "PARAMETERS",
    "QUARTERS_MOST",
    "Firm",
    "Floats",
    "Parameter",
    "Paths",
    "Scenarios",
    "build_inputs",
    "check_firms",
    "check_ranges",
    "collection_rates",
    "derive",
    "firm_hash",
    "market_window",
    "simulate",
    "summarise",
    "uniforms",
]
