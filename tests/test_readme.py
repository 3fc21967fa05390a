"""The README's example runs as printed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import finmodel as fm

README = (Path(__file__).resolve().parents[1] / "README.md").read_text(encoding="utf-8")


def test_the_twenty_lines_run_as_printed(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """All but the drawing of the pack, which has its own tests."""
    bound = []
    monkeypatch.setattr(fm, "build_pack", lambda *given: bound.append(given), raising=False)
    (example,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    names: dict[str, object] = {}
    exec(example, names)
    assert bound == [("pack.pdf", names["statements"])]
    printed = capsys.readouterr().out
    assert "sensetime" in printed and names["decision"].answer in printed
