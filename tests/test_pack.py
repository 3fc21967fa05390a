"""The pack: identical bytes, embedded fonts, real text, an outline, nothing clipped and nothing overlapping."""

import subprocess
import sys
import warnings
from pathlib import Path

import pytest
from pypdf import PdfReader

import finmodel as fm
import finmodel.pack
from finmodel.figures import style
from finmodel.figures.page import Page
from finmodel.figures.style import SUBTITLE, TITLE, wrap
from finmodel.pack import PAGES, build_pack
from tests.layout import layout_faults

DAYS = ("2021-11-30", pytest.param(None, marks=pytest.mark.slow))


@pytest.fixture(scope="module", params=DAYS, ids=str)
def made(request, statements, tmp_path_factory):
    """A pack as of a day: its file, and the faults of layout on each page."""
    view = statements.as_of(request.param) if request.param else statements
    faults: dict[int, list[str]] = {}
    frame = Page.frame

    def check(page: Page, words, number, foot):
        frame(page, words, number, foot)
        faults[number] = layout_faults(page.figure)
        width = page.size[0]
        if len(wrap(words.title, width, TITLE, True)) > 2 or len(wrap(words.subtitle, width, SUBTITLE)) > 1:
            faults[number].append(f"title or subtitle too long: {words.title}")

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


def test_the_pack_is_clean_small_bound_and_readable(made):
    """One test, so that each pack is made once however tests are spread over workers."""
    path, faults = made
    assert not {number: found for number, found in faults.items() if found}
    reader = PdfReader(path)
    assert len(reader.outline) == len(reader.pages) >= len(PAGES)
    assert reader.metadata["/Author"] == "finmodel"
    assert reader.metadata["/Subject"].startswith("As of 20")
    assert "/CreationDate" not in reader.metadata
    for page in reader.pages:
        assert len(page.extract_text()) > 100
        assert all("/FontFile2" in f["/FontDescriptor"] for f in fonts(page))
        assert [round(float(x) / 72, 2) for x in page.mediabox[2:]] == [11.69, 8.27]
    assert path.stat().st_size < 1_000_000


def test_another_process_with_another_hash_seed_makes_the_same_bytes(tmp_path, statements):
    code = "import finmodel as fm; fm.build_pack('b.pdf', fm.load_statements().as_of('2021-11-30').select(['yitu']))"
    environment = {"PYTHONPATH": str(Path(finmodel.pack.__file__).parents[1]), "PYTHONHASHSEED": "7"}
    other = subprocess.Popen([sys.executable, "-c", code], cwd=tmp_path, env=environment)
    build_pack(tmp_path / "a.pdf", statements.as_of("2021-11-30").select(["yitu"]))
    assert other.wait() == 0
    one, two = (PdfReader(tmp_path / name) for name in ("a.pdf", "b.pdf"))
    titles = [item.title for item in one.outline]
    assert titles == [item.title for item in two.outline]
    drawn = [[page.get_contents().get_data() for page in reader.pages] for reader in (one, two)]
    assert not [title for title, a, b in zip(titles, *drawn, strict=True) if a != b], "pages that differ"
    assert (tmp_path / "a.pdf").read_bytes() == (tmp_path / "b.pdf").read_bytes()


ACME = """firm,line_item,period_start,period_end,value,currency,basis,document,published_on
acme,revenue,2020-01-01,2020-12-31,100000000,CNY,IFRS,acme-report,2021-04-01
acme,profit_for_period,2020-01-01,2020-12-31,-50000000,CNY,IFRS,acme-report,2021-04-01
"""


@pytest.mark.parametrize("firm", ["acme", "dji", "yitu"])
def test_any_firm_gets_a_pack_of_the_pages_that_it_fills(firm, tmp_path):
    (tmp_path / "acme.csv").write_text(ACME)
    own = fm.load_statements(tmp_path / "acme.csv")
    build_pack(tmp_path / "pack.pdf", own.select([firm]))
    titles = [item.title for item in PdfReader(tmp_path / "pack.pdf").outline]
    assert "What can be said" in titles and "Sources" in titles
    assert ("Readings of the published ratio" in titles) == (firm == "yitu")
    assert ("Restrictions, listing attempts and rounds" in titles) == (firm != "acme")
    assert ("Losses with and without fair value" in titles) == (firm != "dji")


def test_before_the_first_publication_there_is_no_pack(statements, tmp_path):
    with pytest.raises(ValueError, match="no figure was published by 1 Jan 2000"):
        build_pack(tmp_path / "pack.pdf", statements.as_of("2000-01-01"))
    assert not list(tmp_path.iterdir())


def test_chinese_names_need_a_chinese_face(statements, tmp_path):
    if not chinese_face_there():
        with pytest.raises(FileNotFoundError, match="fonts-noto-cjk"):
            build_pack(tmp_path / "pack.pdf", statements, language="zh")
        return
    build_pack(tmp_path / "pack.pdf", statements.select(["yitu"]), language="zh")
    assert "依图" in "".join(page.extract_text() for page in PdfReader(tmp_path / "pack.pdf").pages)


def chinese_face_there():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            with style("zh"):
                return True
        except FileNotFoundError:
            return False


def test_a_failing_page_leaves_nothing_behind(statements, tmp_path, monkeypatch):
    monkeypatch.setattr(finmodel.pack, "PAGES", [lambda pack: 1 / 0])
    with pytest.raises(ZeroDivisionError):
        build_pack(tmp_path / "pack.pdf", statements)
    assert not list(tmp_path.iterdir())


def test_a_missing_folder_is_named_before_any_work(statements, tmp_path):
    with pytest.raises(FileNotFoundError, match="no folder"):
        fm.build_pack(tmp_path / "nowhere" / "pack.pdf", statements)
