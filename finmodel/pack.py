"""The PDF pack: every figure of the analysis on its page, with words, sources and an outline; the same bytes on every run."""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Sequence
from typing import Any

from matplotlib.backends.backend_pdf import PdfPages
from pypdf import PdfWriter

import finmodel.figures  # noqa: F401  (fills the registry of figures)
from finmodel.data import written
from finmodel.figures.drawing import Source, Words, results_of
from finmodel.figures.page import Page
from finmodel.figures.style import Language, full_day, style
from finmodel.results import plots


class Pack:
    """A pack being made: the statements, the results computed from them once, and the pages bound so far.

    Parameters
    ----------
    statements : Statements
        What every page is drawn from.
    language : {"en", "zh"}
        Language of names and of the words around the figures.
    """

    def __init__(self, statements: Any, language: Language = "en") -> None:
        self.statements, self.language = statements, language
        self.outline: list[str] = []
        self._buffer = io.BytesIO()
        self._pages = PdfPages(self._buffer, metadata={"CreationDate": None})
        self._results: dict[Source, Any] = {}

    def results(self, of: Source) -> Any:
        """Return what `of` makes of the statements, computed once."""
        if of not in self._results:
            self._results[of] = results_of(of, self.statements)
        return self._results[of]

    def add(self, page: Page, words: Words, bookmark: str) -> None:
        """Write the words around a drawn page and bind it in under `bookmark`."""
        self.outline.append(bookmark)
        page.frame(words, len(self.outline), f"finmodel · figures published by {full_day(self.statements.day)}")
        self._pages.savefig(page.figure)  # type: ignore[no-untyped-call]

    def bind(self) -> bytes:
        """Return the finished PDF, with outline and metadata."""
        self._pages.close()  # type: ignore[no-untyped-call]
        self._buffer.seek(0)
        writer = PdfWriter(clone_from=self._buffer)
        for number, bookmark in enumerate(self.outline):
            writer.add_outline_item(title=bookmark, page_number=number)
        writer.page_mode = "/UseOutlines"
        writer.metadata = {
            "/Title": "Financial health under investment restrictions",
            "/Author": "finmodel",
            "/Subject": f"As of {self.statements.day}",
        }
        bound = io.BytesIO()
        writer.write(bound)
        return bound.getvalue()


PageMaker = Callable[[Pack], None]


def chart(name: str, bookmark: str, **options: Any) -> PageMaker:
    """Return the maker of a page that one registered figure fills."""

    def make(pack: Pack) -> None:
        drawing, page = plots[name], Page.blank()
        pack.add(page, drawing.draw(pack.results(drawing.of), page.area(), **options), bookmark)

    return make


PAGES: Sequence[PageMaker] = (
    chart("coverage", "Coverage"),
    chart("cost_to_revenue", "Cost to revenue"),
    chart("multiverse", "Readings of the published ratio"),
    chart("cost_structure", "Cost structure"),
    chart("losses", "Losses with and without fair value"),
    chart("liquidity", "Liquid funds and burn"),
    chart("runway", "Runway"),
    chart("dependence", "Dependence"),
    chart("restriction_timeline", "Restrictions, listing attempts and rounds"),
    chart("us_person_grid", "What a US person could do"),
    chart("scenarios", "Scenarios"),
)
"""The pages of the pack, in order."""


def build_pack(
    path: str | os.PathLike[str],
    statements: Any,
    language: Language = "en",
    progress: Callable[[int, int], None] | None = None,
) -> None:
    """Draw every page from `statements` and bind them into one PDF; the file appears whole or not at all.

    Parameters
    ----------
    path : path
        Where to write.
    statements : Statements
        What is known, as of a day.
    language : {"en", "zh"}
        ``zh`` writes names in Chinese and needs a Chinese typeface on the system.
    progress : callable, optional
        Called with pages done and pages in all.

    Raises
    ------
    FileNotFoundError
        If the folder does not exist, or `language` is ``zh`` and there is no Chinese typeface.
    ValueError
        If a text has a character without a glyph.
    """
    with written(path) as temporary, style(language):
        pack = Pack(statements, language)
        for done, make in enumerate(PAGES):
            make(pack)
            if progress:
                progress(done + 1, len(PAGES))
        temporary.write_bytes(pack.bind())
