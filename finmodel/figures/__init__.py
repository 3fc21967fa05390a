"""Results in, axes out: the only place that draws. One module per family of figures.

>>> from finmodel.results import plots
>>> import finmodel.figures
>>> "cost_to_revenue" in plots
True
"""

from finmodel.figures import attribution, context, coverage, funding, multiverse, ratios, restrictions, runway, scenarios, survival
from finmodel.figures.drawing import Figure, Words, draw, figure, save_figure, words_of
from finmodel.figures.style import style
from finmodel.results import plots

__all__ = [
    "Figure",
    "Words",
    "attribution",
    "context",
    "coverage",
    "draw",
    "figure",
    "funding",
    "multiverse",
    "plots",
    "ratios",
    "restrictions",
    "runway",
    "save_figure",
    "scenarios",
    "style",
    "survival",
    "words_of",
]
