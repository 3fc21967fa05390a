"""The PDF pack: every figure of the analysis on its page, with words, sources and an outline; the same bytes on every run."""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

from matplotlib.backends.backend_pdf import PdfPages
from pypdf import PdfWriter

import finmodel.figures  # noqa: F401  (fills the registry of figures)
from finmodel.brief import build_brief
from finmodel.data import written
from finmodel.figures.caveats import caveats, claims, sources
from finmodel.figures.drawing import NothingToDrawError, Source, Words, results_of
from finmodel.figures.front import front
from finmodel.figures.multiverse import readings
from finmodel.figures.page import Page
from finmodel.figures.profile import profile
from finmodel.figures.scenarios import every_scenario
from finmodel.figures.style import Language, full_day, style
from finmodel.figures.words import firm_name, shown_firms
from finmodel.firms import firms as register
from finmodel.restrictions import restriction_timeline
from finmodel.results import plots
from finmodel.statements import Statements


class Pack:
    """A pack being made: the statements, the results computed from them once, and the pages bound so far.

    Parameters
    ----------
    statements : Statements
        What every page is drawn from.
    """

    def __init__(self, statements: Statements) -> None:
        self.statements = statements
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
    """Return the maker of a page that one registered figure fills; none where there is nothing to draw."""

    def make(pack: Pack) -> None:
        drawing, page = plots[name], Page.blank()
        with suppress(NothingToDrawError):
            results = pack.results(drawing.of)
            if results is not None:
                pack.add(page, drawing.draw(results, page.area(), **options), bookmark)

    return make


def front_page(pack: Pack) -> None:
    """Make the first page: what can be said, what the law closed, what it hangs on."""
    page, day = Page.blank(), pack.statements.day
    results = [pack.results(of) for of in ("compute_ratios", "cash_runway", readings, every_scenario)]
    pack.add(page, front(page, day, *results), "What can be said")


def profile_pages(pack: Pack) -> None:
    """Make one page per firm that is in the register of firms."""
    known = {firm.firm for firm in register()}
    ratios = pack.results("compute_ratios")
    for firm in shown_firms(ratios.table):
        if firm in known:
            page, brief = Page.blank(), build_brief(pack.statements, firm)
            words = profile(page, firm, pack.statements, ratios, brief, restriction_timeline(firm))
            pack.add(page, words, f"Profile: {firm_name(firm)}")


def last_pages(pack: Pack) -> None:
    """Make the pages of claims, caveats and sources."""
    page = Page.blank()
    pack.add(page, claims(page), "The articles' claims")
    page = Page.blank()
    pack.add(page, caveats(page, pack.statements), "Caveats")
    row, first = 0, True
    while row or first:
        page = Page.blank()
        words, row = sources(page, pack.statements, row)
        pack.add(page, words, "Sources" if first else "Sources, continued")
        first = False


PAGES: Sequence[PageMaker] = (
    front_page,
    chart("coverage", "Coverage"),
    chart("cost_to_revenue", "Cost to revenue"),
    chart("multiverse", "Readings of the published ratio"),
    chart("a_share_context", "The published ratio among A-share firms"),
    chart("cost_structure", "Cost structure"),
    chart("losses", "Losses with and without fair value"),
    chart("liquidity", "Liquid funds and burn"),
    chart("runway", "Runway"),
    chart("dependence", "Dependence"),
    chart("restriction_timeline", "Restrictions, listing attempts and rounds"),
    chart("us_person_grid", "What a US person could do"),
    chart("scenarios", "Scenarios"),
    chart("survival", "Survival"),
    chart("cash_fan", "Liquid funds to come"),
    chart("funding_gap", "What must arrive"),
    chart("priors", "Priors and what moved them"),
    chart("access", "Who may still pay"),
    chart("survival_by_scenario", "Survival by scenario"),
    chart("scenario_matrix", "Scenarios side by side"),
    chart("attribution", "What each restriction costs"),
    chart("tornado", "What the answer hangs on"),
    chart("elasticity", "Price and elasticity"),
    chart("replay", "Replay"),
    profile_pages,
    last_pages,
)
"""The pages of the pack, in order."""


def build_pack(
    path: str | os.PathLike[str],
    statements: Statements,
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
        If no figure had been published by the day, or a text has a character without a glyph.
    """
    if statements.facts.empty:
        raise ValueError(f"nothing to bind: no figure was published by {full_day(statements.day)}")
    with written(path) as temporary, style(language):
        pack = Pack(statements)
        for done, make in enumerate(PAGES):
            make(pack)
            if progress:
                progress(done + 1, len(PAGES))
        temporary.write_bytes(pack.bind())
