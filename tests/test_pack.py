"""The pack: identical bytes, embedded fonts, real text, an outline, nothing clipped and nothing overlapping."""

import hashlib
import subprocess
import sys
from pathlib import Path

import pytest
from pypdf import PdfReader

import finmodel as fm
import finmodel.pack
from finmodel.figures.page import Page
from finmodel.pack import PAGES, build_pack
from tests.layout import layout_faults

DAYS = ("2021-11-30", "2023-04-30", None)


@pytest.fixture(scope="module", params=DAYS, ids=str)
def made(request, statements, tmp_path_factory):
    """A pack as of a day: its file, and the faults of layout on each page."""
    view = statements.as_of(request.param) if request.param else statements
    faults: dict[int, list[str]] = {}
    frame = Page.frame

    def check(page: Page, words, number, foot):
        frame(page, words, number, foot)
        faults[number] = layout_faults(page.figure)

    path = tmp_path_factory.mktemp("pack") / "pack.pdf"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Page, "frame", check)
        seen = []
        build_pack(path, view, progress=lambda done, of: seen.append((done, of)))
    assert seen[-1] == (len(PAGES), len(PAGES))
    return path, faults


def fonts(page):
    for font in page["/Resources"].get("/Font", {}).values():
        font = font.get_object()
        yield font["/DescendantFonts"][0].get_object() if "/DescendantFonts" in font else font


def test_no_page_has_text_outside_or_over_other_text(made):
    assert not {number: faults for number, faults in made[1].items() if faults}


def test_outline_metadata_embedded_fonts_and_text(made):
    reader = PdfReader(made[0])
    assert len(reader.outline) == len(reader.pages) >= len(PAGES)
    assert reader.metadata["/Author"] == "finmodel"
    assert reader.metadata["/Subject"].startswith("As of 20")
    assert "/CreationDate" not in reader.metadata
    for page in reader.pages:
        assert len(page.extract_text()) > 100
        assert all("/FontFile2" in f["/FontDescriptor"] for f in fonts(page))
        assert [round(float(x) / 72, 2) for x in page.mediabox[2:]] == [11.69, 8.27]


def test_the_pack_is_small(made):
    assert made[0].stat().st_size < 1_000_000


def test_another_process_with_another_hash_seed_makes_the_same_bytes(tmp_path, statements):
    build_pack(tmp_path / "a.pdf", statements.as_of("2021-11-30"))
    code = "import finmodel as fm; fm.build_pack('b.pdf', fm.load_statements().as_of('2021-11-30'))"
    root = Path(finmodel.pack.__file__).parents[1]
    subprocess.run([sys.executable, "-c", code], check=True, cwd=tmp_path, env={"PYTHONPATH": str(root), "PYTHONHASHSEED": "7"})
    assert len({hashlib.sha256((tmp_path / n).read_bytes()).hexdigest() for n in ("a.pdf", "b.pdf")}) == 1


def test_a_failing_page_leaves_nothing_behind(statements, tmp_path, monkeypatch):
    monkeypatch.setattr(finmodel.pack, "PAGES", [lambda pack: 1 / 0])
    with pytest.raises(ZeroDivisionError):
        build_pack(tmp_path / "pack.pdf", statements)
    assert not list(tmp_path.iterdir())


def test_a_missing_folder_is_named_before_any_work(statements, tmp_path):
    with pytest.raises(FileNotFoundError, match="no folder"):
        fm.build_pack(tmp_path / "nowhere" / "pack.pdf", statements)
