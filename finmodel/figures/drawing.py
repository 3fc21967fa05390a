"""What a figure is: a function that draws results on axes and returns the words that belong to them."""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import update_wrapper, wraps
from pathlib import Path
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas

from finmodel.data import write_csv, written
from finmodel.figures.style import INK, LINE, MUTED, NOTE, SUBTITLE, Language, canvas, new_axes, strict_glyphs, style, wrap
from finmodel.results import plots

FORMATS: dict[str, dict[str, Any]] = {
    ".png": {"dpi": 200},
    ".svg": {"metadata": {"Date": None}},
    ".pdf": {"metadata": {"CreationDate": None, "ModDate": None}},
}
"""Endings that :func:`save_figure` writes, with the options that make the bytes the same on every run."""


@dataclass(frozen=True)
class Words:
    """What is written around a chart, and the numbers in it.

    Attributes
    ----------
    title : str
        The finding, a sentence computed from the numbers.
    subtitle : str
        What is drawn: quantity, unit, period, definition.
    notes : str
        How to read it, what is estimated or missing, how sure it is.
    sources : str
        Documents read.
    data : pandas.DataFrame
        The numbers drawn, one row per mark.
    """

    title: str
    subtitle: str
    notes: str = ""
    sources: str = ""
    data: pd.DataFrame = field(default_factory=pd.DataFrame)


class NothingToDrawError(LookupError):
    """A figure that has no value to draw for these firms on this day; the pack leaves its page out."""


Source = str | Callable[[Any], Any]


class Figure:
    """A registered figure: called with results (and axes) it draws and returns the axes.

    Attributes
    ----------
    name : str
        How the command line and :attr:`finmodel.Results.figure` name it.
    of : str or callable
        What makes its results from statements: the name of a public function, or a function.
    draw : callable
        ``draw(results, ax, **options) -> Words``.
    tall : float
        Height of the axes when it stands alone, in units of the usual one.
    """

    def __init__(self, name: str, of: Source, draw: Callable[..., Words], tall: float = 1.0) -> None:
        self.name, self.of, self.draw, self.tall = name, of, draw, tall
        update_wrapper(self, draw)

    def __call__(self, results: Any, ax: Axes | None = None, **options: Any) -> Axes:
        """Draw `results` on `ax`, or on a figure of its own with its words around it."""
        with style(options.pop("language", "en")):
            alone = ax is None
            ax = new_axes(MARGIN, ROOM_ABOVE, ROOM_BENEATH, self.tall) if ax is None else ax
            words = self.draw(results, ax, **options)
            _write_words(ax, words) if alone else ax.set_title("\n".join(wrap(words.title, _width(ax))), loc="left")
        _words[ax] = words
        return ax


def figure(name: str, of: Source, tall: float = 1.0) -> Callable[[Callable[..., Words]], Figure]:
    """Return a decorator that registers a drawing function under `name`.

    Parameters
    ----------
    name : str
        Name of the figure.
    of : str or callable
        What makes its results from statements: a public function of finmodel by name, or a function.
    tall : float
        Height of the axes when it stands alone, in units of the usual one.
    """

    def register(draw: Callable[..., Words]) -> Figure:
        made = Figure(name, of, draw, tall)
        plots.add(name, made)
        return made

    return register


def draw(name: str, statements: Any, language: Language = "en", **options: Any) -> Axes:
    """Compute what a figure shows from statements and draw it alone.

    Parameters
    ----------
    name : str
        A registered figure.
    statements : Statements
        As known on the day that is wanted.
    language : {"en", "zh"}
        Language of names.
    **options
        Passed to the figure.

    Raises
    ------
    LookupError
        If there is no such figure (the nearest names are proposed), or it knows nothing of these firms.
    """
    chosen: Figure = plots[name]
    results = results_of(chosen.of, statements)
    if results is None:
        raise NothingToDrawError(f"figure {name!r} has nothing to draw for {', '.join(statements.firms)}")
    ax: Axes = chosen(results, language=language, **options)
    return ax


def results_of(source: Source, statements: Any) -> Any:
    """Return what a function, or the public function of that name, makes of the statements."""
    function = getattr(importlib.import_module("finmodel"), source) if isinstance(source, str) else source
    return function(statements)


Result = TypeVar("Result")


def remembered(function: Callable[[Any], Result]) -> Callable[[Any], Result]:
    """Keep what a function makes of statements for as long as they live, so that several figures share it."""
    known: WeakKeyDictionary[Any, Result] = WeakKeyDictionary()

    @wraps(function)
    def remember(statements: Any) -> Result:
        if statements not in known:
            known[statements] = function(statements)
        return known[statements]

    return remember


def words_of(ax: Axes) -> Words:
    """Return the words and numbers of the figure drawn on `ax`.

    Raises
    ------
    LookupError
        If no figure of finmodel was drawn on it.
    """
    if ax not in _words:
        raise LookupError("these axes hold no figure of finmodel; give the data to save beside it")
    return _words[ax]


def save_figure(drawn: Axes | Canvas, path: str | os.PathLike[str], data: pd.DataFrame | None = None) -> None:
    """Write a figure as PNG, SVG or PDF, and the numbers in it as a CSV file beside it; the same bytes on every run.

    Parameters
    ----------
    drawn : matplotlib.axes.Axes or matplotlib.figure.Figure
        What to write.
    path : path
        Where; its ending chooses the format.
    data : pandas.DataFrame, optional
        The numbers; by default those that finmodel drew on the axes.

    Raises
    ------
    ValueError
        If the ending is none of .png, .svg, .pdf, a character has no glyph, or the numbers would take the place of a facts file.
    """
    path = Path(path)
    suffix = path.suffix.lower()
    if suffix not in FORMATS:
        raise ValueError(f"{path.name!r} ends in none of {', '.join(FORMATS)}; the ending chooses the format")
    if data is None:
        data = words_of(drawn if isinstance(drawn, Axes) else drawn.axes[0]).data
    whole = drawn if isinstance(drawn, Canvas) else canvas(drawn)
    _refuse_facts(path.with_suffix(".csv"))
    with written(path) as temporary, written(path.with_suffix(".csv")) as beside:
        with style(), strict_glyphs():
            whole.savefig(temporary, format=suffix[1:], **FORMATS[suffix])
        write_csv(data, beside)


def _refuse_facts(beside: Path) -> None:
    """Refuse to write the numbers of a figure over a table of facts."""
    if not beside.is_file():
        return
    with beside.open("rb") as file:
        head = file.readline(4096)
    if b"line_item" in head and b"period_end" in head:
        raise ValueError(f"{beside.name} holds facts, and the numbers of the figure would take its place: give the figure another name")


def _width(ax: Axes) -> float:
    return float(ax.get_position().width * canvas(ax).get_size_inches()[0])


def _write_words(ax: Axes, words: Words) -> None:
    """Write title, subtitle, notes and sources around a figure that stands alone, which grows as tall as they need."""
    whole = canvas(ax)
    width, height = whole.get_size_inches()
    box, inner = ax.get_position(), width - 2 * MARGIN
    above = [(line, SUBTITLE, INK, True) for line in wrap(words.title, inner, SUBTITLE, True)]
    above += [(line, NOTE + 0.5, MUTED, False) for line in wrap(words.subtitle, inner, NOTE + 0.5)]
    texts = [t for t in (words.notes, f"Sources: {words.sources}" if words.sources else "") if t]
    beneath = [(line, NOTE - 1, MUTED, False) for t in texts for line in wrap(t, inner, NOTE - 1)]
    head, foot = (sum(size * LINE / 72 for _, size, *_ in lines) + 0.22 for lines in (above, beneath))
    bottom, tall = foot + box.y0 * height - ROOM_BENEATH, head + foot + height - ROOM_ABOVE - ROOM_BENEATH
    whole.set_size_inches(width, tall)
    ax.set_position((box.x0, bottom / tall, box.width, box.height * height / tall))
    for lines, start in ((above, tall - 0.12), (beneath, foot - 0.12)):
        y = start
        for line, size, colour, bold in lines:
            whole.text(MARGIN / width, y / tall, line, size=size, color=colour, weight="bold" if bold else "normal", va="top")
            y -= size * LINE / 72


MARGIN, ROOM_ABOVE, ROOM_BENEATH = 0.15, 0.85, 0.65
"""Inches left free around a figure that stands alone while it is drawn."""
_words: WeakKeyDictionary[Axes, Words] = WeakKeyDictionary()
