"""Every notebook runs from top to bottom, offline; prose first, short, no function definitions."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

NOTEBOOKS = sorted((Path(__file__).resolve().parents[1] / "notebooks").glob("*.ipynb"))
OFFLINE = """
import socket, warnings
_real = socket.socket.connect
def _refuse(self, address):
    if self.family in (socket.AF_INET, socket.AF_INET6) and not str(address).startswith(("('127.", "('::1'")):
        raise AssertionError(f"the notebook tried to reach {address}")
    return _real(self, address)
socket.socket.connect = _refuse
warnings.simplefilter("error")
"""


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_notebook_is_short_prose_first_and_defines_nothing(path: Path) -> None:
    cells = nbformat.read(path, as_version=4).cells
    assert len(cells) <= 20
    assert cells[0].cell_type == "markdown"
    assert not any(line.startswith(("def ", "class ")) for c in cells if c.cell_type == "code" for line in c.source.splitlines())
    assert not any(c.get("outputs") for c in cells), "notebooks are kept without outputs"


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_notebook_runs(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()  # the kernel is spoken to over sockets on this machine; it blocks all others itself
    notebook = nbformat.read(path, as_version=4)
    notebook.cells.insert(0, nbformat.v4.new_code_cell(OFFLINE))
    NotebookClient(notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": str(path.parent.parent)}}).execute()
