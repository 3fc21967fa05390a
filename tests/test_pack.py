"""The pack: identical bytes, embedded fonts, real text, an outline, nothing clipped and nothing overlapping."""

import hashlib
from datetime import date
from types import SimpleNamespace

import pytest
from layout import layout_faults
from pypdf import PdfReader
from test_figures import ratios

import finmodel.pack
from finmodel.figures.page import Page
from finmodel.pack import Pack, build_pack


@pytest.fixture
def statements(monkeypatch):
    monkeypatch.setattr(Pack, "results", lambda self, of: ratios())
    return SimpleNamespace(as_of_date=date(2021, 11, 30))


def fonts(page):
    for font in page["/Resources"].get("/Font", {}).values():
        font = font.get_object()
        inner = font["/DescendantFonts"][0].get_object() if "/DescendantFonts" in font else font
        yield inner


def test_two_runs_give_the_same_bytes(statements, tmp_path):
    for name in ("a.pdf", "b.pdf"):
        build_pack(tmp_path / name, statements)
    assert len({hashlib.sha256((tmp_path / n).read_bytes()).hexdigest() for n in ("a.pdf", "b.pdf")}) == 1


def test_the_pack_has_outline_metadata_embedded_fonts_and_text(statements, tmp_path):
    seen = []
    build_pack(tmp_path / "pack.pdf", statements, progress=lambda done, of: seen.append((done, of)))
    reader = PdfReader(tmp_path / "pack.pdf")
    assert len(reader.outline) == len(reader.pages)
    assert reader.metadata["/Author"] == "finmodel"
    assert reader.metadata["/Subject"] == "As of 2021-11-30"
    assert "/CreationDate" not in reader.metadata
    for page in reader.pages:
        assert page.extract_text().strip()
        assert all("/FontFile2" in f["/FontDescriptor"] for f in fonts(page))
        assert [round(float(x) / 72, 2) for x in page.mediabox[2:]] == [11.69, 8.27]
    assert seen[-1] == (len(finmodel.pack.PAGES),) * 2
    assert (tmp_path / "pack.pdf").stat().st_size < 80_000 * len(reader.pages)


def test_no_page_has_text_outside_or_over_other_text(statements, tmp_path, monkeypatch):
    found = {}
    frame = Page.frame

    def check(page, words, number, foot):
        frame(page, words, number, foot)
        found[number] = layout_faults(page.figure)

    monkeypatch.setattr(Page, "frame", check)
    build_pack(tmp_path / "pack.pdf", statements)
    assert found and not {n: f for n, f in found.items() if f}


def test_a_failing_page_leaves_nothing_behind(statements, tmp_path, monkeypatch):
    monkeypatch.setattr(finmodel.pack, "PAGES", [*finmodel.pack.PAGES, lambda pack: 1 / 0])
    with pytest.raises(ZeroDivisionError):
        build_pack(tmp_path / "pack.pdf", statements)
    assert not list(tmp_path.iterdir())
