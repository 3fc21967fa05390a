"""Files that mean harm: each ends in one clear DataError, in bounded time and memory, and nothing is written."""

from __future__ import annotations

import importlib.util
import random
import re
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pypdf import PdfWriter

import finmodel as fm
from finmodel.facts import line_items
from finmodel.loaders.cells import named
from finmodel.loaders.heading import resolve
from tests import samples

ROOT = Path(__file__).resolve().parents[1]


def fuzzing() -> ModuleType:
    spec = importlib.util.spec_from_file_location("fuzz_loaders", ROOT / "benchmarks" / "fuzz_loaders.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["fuzz_loaders"] = module
    spec.loader.exec_module(module)
    return module


LAUGHS = (
    '<!DOCTYPE x [<!ENTITY a "ha">'
    + "".join(f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in zip("abcdefghi", "bcdefghij", strict=True))
    + "]>"
)
OUTSIDE = '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>'
ENTITY = '<us-gaap:Revenues contextRef="D2020" unitRef="usd">&a;</us-gaap:Revenues>'


def encrypted_pdf(path: Path) -> None:
    writer = PdfWriter()
    writer.add_blank_page(595, 842)
    writer.encrypt("secret", algorithm="RC4-128")
    writer.write(path)


def pictures(path: Path) -> None:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(4, 6))
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_axis_off()
    axes.imshow([[0.0, 1.0], [1.0, 0.0]])
    figure.savefig(path, format="pdf")


def many_pages(path: Path) -> None:
    kids = "3 0 R " * 100_000
    page = "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 10 10] >>"
    path.write_bytes(samples.pdf_of(["<< /Type /Catalog /Pages 2 0 R >>", f"<< /Type /Pages /Kids [{kids}] /Count 100000 >>", page]))


def bomb(path: Path, members: dict[str, int]) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, megabytes in members.items():
            with archive.open(name, "w") as member:
                for _ in range(megabytes):
                    member.write(bytes(1_000_000))


def many_members(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(6_000):
            archive.writestr(f"{number}.htm", b"")


def locked(path: Path) -> None:
    """A data set whose members are marked as encrypted."""
    raw = bytearray(samples.data_set(path).read_bytes())
    for mark, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = raw.find(mark)
        while at >= 0:
            raw[at + place] |= 1
            at = raw.find(mark, at + 4)
    path.write_bytes(raw)


def liar(path: Path) -> None:
    """An archive that says its member is smaller than it is."""
    raw = bytearray(samples.data_set(path).read_bytes())
    at = raw.find(b"PK\x01\x02")
    raw[at + 24 : at + 28] = (10).to_bytes(4, "little")
    path.write_bytes(raw)


SHEET = "xl/worksheets/sheet1.xml"


def overlapping(path: Path) -> None:
    """Three hundred members that share one compressed body: harmless one by one, 3.6 GB together."""
    body = bytes(range(256)) * 200 + bytes(11_948_800)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("000.htm", body + random.Random(1).randbytes(60_000))
    raw = path.read_bytes()
    start, end = raw.index(b"PK\x01\x02"), raw.index(b"PK\x05\x06")
    record = raw[start:end]
    records = b"".join(record.replace(b"000.htm", f"{number:03d}.htm".encode()) for number in range(300))
    size = (300).to_bytes(2, "little") * 2 + len(records).to_bytes(4, "little")
    path.write_bytes(raw[:start] + records + raw[end : end + 8] + size + raw[end + 16 :])


def huge_sheet(path: Path) -> None:
    samples.workbook(path, {"BS": samples.WIDE}, {"B3": '<c r="XFD1048576"><v>1</v></c>'})


def rewritten(path: Path, change: Callable[[dict[str, bytes]], dict[str, bytes]]) -> None:
    """Write a workbook whose parts are changed."""
    samples.workbook(path, {"BS": samples.WIDE})
    with zipfile.ZipFile(path) as old:
        parts = {name: old.read(name) for name in old.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as new:
        for name, content in change(parts).items():
            new.writestr(name, content)


def endless_sheet(path: Path) -> None:
    cells = b"<sheetData><row>" + b'<c r="A1"><v>1</v></c>' * 1_500_000 + b"</row>"
    rewritten(path, lambda parts: {**parts, SHEET: parts[SHEET].replace(b"<sheetData>", cells)})


def echoing_sheet(path: Path) -> None:
    """A small workbook whose cells all show one long text."""
    cells = b"<sheetData><row>" + b'<c r="A1" t="s"><v>0</v></c>' * 1_500 + b"</row>"
    text = b'<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><si><t>' + b"A" * 900_000 + b"</t></si></sst>"
    rewritten(path, lambda parts: {**parts, SHEET: parts[SHEET].replace(b"<sheetData>", cells), "xl/sharedStrings.xml": text})


def moved_sheet(path: Path) -> None:
    """A sheet with a stray cell far away, stored where sheets usually are not."""

    def change(parts: dict[str, bytes]) -> dict[str, bytes]:
        sheet = parts[SHEET].replace(b"<sheetData>", b'<sheetData><row><c r="XFD1048576"><v>1</v></c></row>')
        relations = "xl/_rels/workbook.xml.rels"
        return {**parts, "xl/elsewhere/sheet1.xml": sheet, relations: parts[relations].replace(b"worksheets/sheet1", b"elsewhere/sheet1")}

    rewritten(path, change)


def repeated(path: Path, head: bytes, piece: bytes, size: int, tail: bytes = b"") -> None:
    with path.open("wb") as file:
        file.write(head)
        for _ in range(size // len(piece)):
            file.write(piece)
        file.write(tail)


CSV = "label,value,period,currency\nrevenue,5,FY 2020,CNY\n"
GB = "项目,数值,期间,币种\n营业收入,5,FY 2020,CNY\n"
HTML = b"<html><body><table>"

CASES = {
    "empty.pdf": (lambda p: p.write_bytes(b""), "an empty file"),
    "encrypted.pdf": (encrypted_pdf, "encrypted PDF"),
    "truncated.pdf": (lambda p: p.write_bytes(samples.pdf(p, [["x"] * 50] * 5).read_bytes()[:700]), "damaged PDF|no text|pages|statement"),
    "zero_pages.pdf": (lambda p: samples.pdf(p, []), "0 pages|damaged PDF"),
    "pictures.pdf": (pictures, "no text layer"),
    "many_pages.pdf": (many_pages, "100,000 pages"),
    "noise.pdf": (lambda p: p.write_bytes(b"%PDF-1.7\n" + bytes(range(256)) * 40), "damaged PDF"),
    "bomb.zip": (lambda p: bomb(p, {"num.txt": 50, "sub.txt": 1}), "unpack to .* times their size"),
    "bomb.xlsx": (lambda p: bomb(p, {"xl/workbook.xml": 50}), "unpack to .* times their size"),
    "overlapping.zip": (overlapping, "3,6.. MB unpacked"),
    "many_members.zip": (many_members, "6,000 members"),
    "locked.zip": (locked, "encrypted member"),
    "liar.zip": (liar, "damaged zip|column|no figure"),
    "truncated.zip": (lambda p: p.write_bytes(samples.data_set(p).read_bytes()[:-200]), "damaged zip"),
    "unknown.zip": (lambda p: bomb(p, {"a.bin": 0}), "an archive of a.bin"),
    "laughs.xml": (lambda p: p.write_bytes(samples.instance(ENTITY.replace("&a;", "&j;"), LAUGHS)), "declarations of its own"),
    "outside.xml": (lambda p: p.write_bytes(samples.instance(ENTITY, OUTSIDE)), "declarations of its own"),
    "laughs.xhtml": (lambda p: p.write_bytes(samples.inline("<p>&j;</p>", LAUGHS)), "declarations of its own"),
    "laughs.xlsx": (lambda p: samples.workbook(p, {"BS": samples.WIDE}, head=LAUGHS), "declarations of its own"),
    "deep.xml": (lambda p: p.write_bytes(samples.instance("<a>" * 100_000)), "not well formed"),
    "truncated.xml": (lambda p: p.write_bytes(samples.instance()[:-300]), "not well formed"),
    "huge.xlsx": (huge_sheet, "1,048,576 rows"),
    "endless.xlsx": (endless_sheet, "at most 1,000,000 cells"),
    "echoing.xlsx": (echoing_sheet, "repeat shared texts to more than 50,000,000 characters"),
    "moved.xlsx": (moved_sheet, "1,048,576 rows"),
    "old.xls": (lambda p: p.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(4096)), "password|Excel 97"),
    "formula.xlsx": (lambda p: samples.workbook(p, {"BS": samples.WIDE}, {"B6": '<c r="B6"><f>B4+B5</f></c>'}), r"BS!B6"),
    "html_100mb.html": (lambda p: repeated(p, HTML, b"<tr><td>Revenue</td><td>1,234</td></tr>\n", 100_000_000), "100 MB"),
    "text_100mb.txt": (lambda p: repeated(p, b"Balance sheet\n", b"Revenue 1,234 5,678\n", 100_000_000), "100 MB"),
    "one_line.csv": (lambda p: repeated(p, b"label,value,period_end\n1,2,", b"9" * 1000, 20_000_000), "broken CSV"),
    "nul.csv": (lambda p: p.write_bytes(CSV.encode().replace(b"5", b"5\0")), "NUL byte"),
    "latin1.csv": (lambda p: p.write_bytes(CSV.replace("revenue", "b\xe9n\xe9fice net").encode("latin-1")), "no known encoding"),
    "utf16_without_mark.csv": (lambda p: p.write_bytes(CSV.encode("utf-16-le")), "NUL byte"),
    "ragged.csv": (lambda p: p.write_text(CSV + "assets,5\n"), "row 3: found 2 cells"),
    "quotes.csv": (lambda p: p.write_text(CSV + '"never closed,5,2020-12-31,CNY\n'), "broken CSV|cells"),
    "deep.json": (lambda p: p.write_bytes(b'{"facts":' + b"[" * 200_000), "another kind, or damaged"),
    "deeper.json": (lambda p: p.write_bytes(b'{"facts":{"us-gaap":{"Assets":' + b"[" * 200_000), "damaged"),
    "other.json": (lambda p: p.write_bytes(b'{"a": 1}'), "another kind"),
    "text_number.json": (lambda p: p.write_bytes(samples.companyfacts().replace(b"3446000", b'"3446000"')), "got `str`"),
    "no_day.json": (lambda p: p.write_bytes(samples.companyfacts().replace(b"2020-12-31", b"2020-02-31")), "2020-02-31"),
    "noise.bin": (lambda p: p.write_bytes(bytes(range(256)) * 100), "a file that begins|known"),
    "truncated.parquet": (lambda p: p.write_bytes(b"PAR1" + bytes(100)), "parquet file of unknown content"),
}  # fmt: skip


@pytest.fixture(scope="session")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, object]]:
    """What became of each file, read in a process whose memory is limited."""
    folder = tmp_path_factory.mktemp("hostile")
    for name, (make, _) in CASES.items():
        make(folder / name)
    there = sorted(folder.iterdir())
    worker = fuzzing().Worker(seconds=60)
    out = {name: worker.load(folder / name) for name in CASES}
    worker.close()
    assert sorted(folder.iterdir()) == there, "reading wrote something"
    for path in there:
        path.unlink()
    return out


@pytest.mark.parametrize("name", CASES)
def test_a_hostile_file_ends_in_one_clear_error(name: str, outcomes: dict[str, dict[str, object]]) -> None:
    outcome = outcomes[name]
    assert outcome["outcome"] == "refused", outcome["text"]
    assert re.search(CASES[name][1], str(outcome["text"])), outcome["text"]
    assert name in str(outcome["text"]), outcome["text"]
    assert len(str(outcome["text"]).splitlines()) <= 22
    assert float(str(outcome["seconds"])) < 10


def test_memory_stays_bounded(outcomes: dict[str, dict[str, object]]) -> None:
    assert max(float(str(outcome["memory"])) for outcome in outcomes.values()) < 500


@pytest.mark.parametrize(
    ("name", "raw"),
    {
        "mark.csv": b"\xef\xbb\xbf" + CSV.encode(),
        "utf16.csv": CSV.encode("utf-16"),
        "gb18030.csv": GB.encode("gb18030"),
        "tabs.csv": CSV.replace(",", "\t").encode(),
        "windows.csv": CSV.replace("\n", "\r\n").encode(),
    }.items(),
)
def test_encodings_that_are_known_are_read(name: str, raw: bytes, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(raw)
    facts = fm.load(tmp_path / name)
    assert facts[["line_item", "value", "period_end", "currency"]].to_numpy().tolist() == [["revenue", 5.0, "2020-12-31", "CNY"]]


def seeds(form: str, folder: Path) -> list[Path]:
    path = folder / f"seed.{form}"
    if form == "zip":
        return [samples.data_set(path)]
    if form == "xlsx":
        return [samples.workbook(path, {"BS": samples.WIDE})]
    if form == "pdf":
        return [samples.pdf(path, [["Consolidated balance sheet (RMB'000)", "2021 2020", "Total assets 5,000 4,500"] * 5] * 3)]
    text = {
        "json": samples.companyfacts(),
        "xml": samples.instance(),
        "csv": CSV.encode() * 5,
        "txt": b"Balance sheet\nTotal assets 5 4\n" * 50,
    }
    page = b"<html><body><h1>Consolidated balance sheet</h1><table><tr><td>Total assets</td><td>5,000</td></tr></table></body></html>"
    path.write_bytes(text.get(form, page))
    return [path, *([_inline(folder)] if form == "html" else [])]


def _inline(folder: Path) -> Path:
    path = folder / "inline.xhtml"
    path.write_bytes(samples.inline())
    return path


@pytest.mark.parametrize("form", ["pdf", "html", "xml", "json", "zip", "xlsx", "csv", "txt"])
def test_damaged_copies_load_or_are_refused(form: str, tmp_path: Path) -> None:
    result = fuzzing().fuzz(form, seeds(form, tmp_path), 30, 7, tmp_path)
    assert result["bad"] == []


PIECES = [
    "Six months ended",
    "年度",
    "截至",
    "止",
    "30 June",
    "2021",
    "二零二一年",
    "12月31日",
    "13月45日",
    "2021-02-31",
    "99/99/2021",
    "H1",
    "Q9",
    "to",
]


@given(st.lists(st.sampled_from(PIECES) | st.text(max_size=6), max_size=6).map(" ".join), st.booleans())
def test_any_heading_is_a_period_or_none(text: str, instant: bool) -> None:
    found = resolve([text], [text[::-1]], instant)
    assert found is None or found[0] is None or found[0] <= found[1]


@given(st.text(max_size=30))
def test_any_label_is_a_line_item_or_none(label: str) -> None:
    assert named(label).line_item in {"", *line_items().index}


def test_pages_as_json_lines_are_no_companyfacts(tmp_path: Path) -> None:
    lines = ['{"page": 1, "allrow": 0, "type": "text", "inside": "Annual report"}'] * 5
    (tmp_path / "report.txt").write_text("\n".join(lines))
    with pytest.raises(fm.DataError, match="no title of a statement"):
        fm.load(tmp_path / "report.txt")
