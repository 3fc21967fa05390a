"""The layers of the package, and that no import points the wrong way; the README's tree and the public names."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "finmodel"
LAYERS = [
    {"errors"},
    {"units", "data", "registry"},
    {"sources", "firms", "facts"},
    {"loaders", "versions"},
    {"statements", "results"},
    {"verify", "ratios", "restrictions"},
    {"liquidity"},
    {"runway", "posterior", "generator"},
    {"estimate", "coverage", "kernel"},
    {"simulate"},
    {"survival"},
    {"cashflow"},
    {"levers"},
    {"scenario_faults"},
    {"scenarios"},
    {"exposures", "projection"},
    {"deterministic"},
    {"funding"},
    {"ipo", "pricing"},
    {"arrivals"},
    {"listing", "stochastic"},
    {"attribution", "simulated"},
    {"run"},
    {"replay"},
    {"brief"},
    {"figures"},
    {"pack"},
    {"cli"},
    {"__main__"},
]
PLACE = {name: i for i, layer in enumerate(LAYERS) for name in layer}


def top(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports(path: Path) -> set[str]:
    """Modules of finmodel that a file imports at module level (lazy imports inside functions may not point upwards either)."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = []
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("finmodel"):
            names = [node.module] if node.module != "finmodel" else [f"finmodel.{a.name}" for a in node.names]
        elif isinstance(node, ast.Import):
            names = [a.name for a in node.names if a.name.startswith("finmodel")]
        found |= {n.split(".")[1] for n in names if "." in n}
    return found


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_no_import_points_upwards(path: Path) -> None:
    here = top(path)
    if here == "__init__":
        return
    assert here in PLACE, f"{here} has no layer yet: add it to LAYERS"
    up = {
        name
        for name in imports(path)
        if name != here and PLACE.get(name, 99) >= PLACE[here] and name in PLACE and PLACE[name] > PLACE[here]
    }
    if here == "results":
        up -= {"figures"}  # the one lazy look upwards: plot() fills the registry of figures
    assert not up, f"{here} imports from a later layer: {up}"


def test_every_module_has_a_layer_and_stands_in_the_readme() -> None:
    modules = {p.stem for p in PACKAGE.glob("*.py")} | {p.name for p in PACKAGE.iterdir() if (p / "__init__.py").is_file()}
    modules -= {"__init__"}
    assert modules == {m for m in PLACE if (PACKAGE / m).exists() or (PACKAGE / f"{m}.py").exists()}
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    missing = [m for m in modules - {"__main__"} if f"{m}.py" not in readme and f"{m}/" not in readme]
    assert not missing, f"the README's tree lacks {missing}"


def test_public_names_resolve_and_are_documented() -> None:
    import finmodel as fm

    for name in fm.__all__:
        thing = getattr(fm, name)
        assert name == "__version__" or (thing.__doc__ or "").strip(), name
    with pytest.raises(AttributeError, match="public names"):
        _ = fm.no_such_thing


def test_import_is_cheap() -> None:
    heavy = ("statsmodels", "matplotlib", "numba", "SALib", "pypdfium2", "lxml")
    code = f"import sys, finmodel.statements, finmodel.ratios; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == "[]"


def test_no_literal_zero_fill_and_no_print_in_the_library() -> None:
    for path in PACKAGE.rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        assert "fillna(0" not in text, f"{path}: a blank is not a zero"


def test_public_names_are_no_module_names() -> None:
    """A function named like its module would be hidden by it as soon as the module is imported."""
    import finmodel as fm

    modules = {p.stem for p in PACKAGE.glob("*.py")} | {p.name for p in PACKAGE.iterdir() if p.is_dir()}
    assert not modules & set(fm.__all__)
