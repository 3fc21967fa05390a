"""The data are found in a wheel, an editable install and a checkout."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
ASK = "import finmodel.data as d, finmodel as fm; print(d.data_root()); print(len(fm.load_statements().firms))"


def ask(python_path: Path, cwd: Path) -> tuple[Path, int]:
    done = subprocess.run(
        [sys.executable, "-c", ASK],
        capture_output=True,
        text=True,
        check=True,
        cwd=cwd,
        env={"PYTHONPATH": str(python_path), "PATH": "/usr/bin:/bin"},
    )
    root, firms = done.stdout.split("\n")[:2]
    return Path(root), int(firms)


def test_checkout() -> None:
    assert ask(ROOT, ROOT) == (ROOT / "data", 9)


def test_editable_install(tmp_path: Path) -> None:
    """An editable install puts the checkout on the path and is used from elsewhere."""
    assert ask(ROOT, tmp_path) == (ROOT / "data", 9)


def test_wheel(tmp_path: Path) -> None:
    """A wheel holds the package with the data inside, as pyproject says."""
    import tomllib

    wheel = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert wheel["force-include"] == {"data": "finmodel/_data"}
    site = tmp_path / "site"
    shutil.copytree(ROOT / "finmodel", site / "finmodel", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "data", site / "finmodel" / "_data")
    assert ask(site, tmp_path) == (site / "finmodel" / "_data", 9)


def test_a_broken_install_says_so(tmp_path: Path) -> None:
    site = tmp_path / "site"
    shutil.copytree(ROOT / "finmodel", site / "finmodel", ignore=shutil.ignore_patterns("__pycache__"))
    with pytest.raises(subprocess.CalledProcessError) as error:
        ask(site, tmp_path)
    assert "install finmodel again" in error.value.stderr
