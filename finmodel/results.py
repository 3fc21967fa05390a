"""What every computation returns: a table, the definition it used, the facts it read, and how to draw it."""

from __future__ import annotations

import html
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pandas as pd

from finmodel.data import rows
from finmodel.registry import Registry

if TYPE_CHECKING:
    from matplotlib.axes import Axes

RECORD_COLUMNS = (
    "firm",
    "period",
    "quantity",
    "variant",
    "basis",
    "vintage",
    "value",
    "unit",
    "status",
    "reason",
    "note",
)
"""Columns that every printed or JSON record has; a result may add its own after them (quarter, error, ...)."""

plots: Registry[Any] = Registry("figure")
"""Figures by name; the figures package fills it, so that results never import it."""


@dataclass(frozen=True, eq=False)
class Results:
    """A table of values with what is needed to trust it.

    Attributes
    ----------
    table : pandas.DataFrame
        One row per value; columns of :data:`RECORD_COLUMNS`, then any of the result's own. ``value`` is NaN where there is none, and
        ``reason`` then says why. ``default`` (bool, optional) marks the one row to show for a firm, period and quantity.
    title : str
        What it is, in a few words.
    definition : str
        How the values are defined: formula, units, window.
    facts : pandas.DataFrame
        The facts read, with columns firm, period, quantity added, so that :meth:`sources` is a lookup.
    assumptions : tuple of str
        What was assumed, one sentence each; empty for arithmetic on facts.
    figure : str
        Name of the figure that draws it.
    hidden : tuple of str
        Columns of the table that serve the computation and are left out of records and summaries.
    """

    table: pd.DataFrame
    title: str
    definition: str
    facts: pd.DataFrame = field(default_factory=pd.DataFrame)
    assumptions: tuple[str, ...] = ()
    figure: str = ""
    hidden: tuple[str, ...] = ("default",)

    def defaults(self) -> pd.DataFrame:
        """Return the rows to show first: one per firm, period and quantity."""
        return self.table[self.table["default"]] if "default" in self.table else self.table

    def _shown(self, table: pd.DataFrame) -> pd.DataFrame:
        return table.drop(columns=[c for c in table.columns if c in self.hidden])

    def records(self, every: bool = False) -> list[dict[str, Any]]:
        """Return plain records for JSON; a missing value is None.

        Parameters
        ----------
        every : bool
            Whether to return every row instead of the default ones.
        """
        table = self.table if every else self.defaults()
        table = self._shown(table)
        return [{name: _plain(value) for name, value in row.items()} for row in rows(table)]

    def sources(self, firm: str | None = None, period: str | None = None, quantity: str | None = None) -> pd.DataFrame:
        """Return the facts behind the values, each with document, page, publication day and status.

        Parameters
        ----------
        firm, period, quantity : str, optional
            Only those behind the values of this firm, period or quantity.
        """
        chosen = self.facts
        for column, wanted in (("firm", firm), ("period", period), ("quantity", quantity)):
            if wanted is not None and column in chosen:
                chosen = chosen[chosen[column] == wanted]
        return chosen.reset_index(drop=True)

    def summary(self) -> str:
        """Return the values as text with the definition and the assumptions beneath."""
        lines = [self.title, "", _show(self._shown(self.defaults())).to_string(index=False), "", self.definition]
        lines += [f"Assumed: {text}" for text in self.assumptions]
        return "\n".join(lines)

    def plot(self, ax: Axes | None = None, **options: Any) -> Axes:
        """Draw it; see :mod:`finmodel.figures`.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw; by default a figure of its own with its words around it.
        **options
            Passed to the figure.

        Raises
        ------
        LookupError
            If no figure draws this result.
        """
        import finmodel.figures  # noqa: F401  (fills the registry)

        if not self.figure:
            raise LookupError(f"no figure draws {self.title!r}; figures: {', '.join(plots)}")
        ax_drawn: Axes = plots[self.figure](self, ax=ax, **options)
        return ax_drawn

    def __str__(self) -> str:
        return self.summary()

    def _repr_html_(self) -> str:
        notes = "".join(f"<p><small>{html.escape(t)}</small></p>" for t in (self.definition, *self.assumptions))
        return f"<h4>{html.escape(self.title)}</h4>{_show(self._shown(self.defaults())).to_html(index=False)}{notes}"


def _show(table: pd.DataFrame) -> pd.DataFrame:
    """Return `table` without columns that say nothing (blank throughout)."""
    kept = [c for c in table.columns if not table[c].isna().all() and not (table[c].astype(str) == "").all()]
    return table[kept]


def _plain(value: Any) -> Any:
    if value is None or (not isinstance(value, (str, bytes)) and pd.isna(value)):
        return None
    if hasattr(value, "isoformat"):
        return value.isoformat()
    return value.item() if hasattr(value, "item") else value
