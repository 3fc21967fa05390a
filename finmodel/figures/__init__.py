"""Results in, axes out: the only place that draws. One module per family of figures.

>>> from finmodel.results import plots
>>> import finmodel.figures
>>> "cost_to_revenue" in plots
True
"""

from finmodel.figures import multiverse, ratios, runway
from finmodel.figures.drawing import Figure, Words, figure, save_figure, words_of
from finmodel.figures.style import style

__all__ = ["Figure", "Words", "figure", "multiverse", "ratios", "runway", "save_figure", "style", "words_of"]
