"""Small PDF files for tests, written by hand: Helvetica for Latin text, an unembedded Song face for Chinese, rules, rotation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

WIDTH, HEIGHT = 595, 842
_ADVANCE = {
    ",": 278,
    ".": 278,
    "(": 333,
    ")": 333,
    " ": 278,
    "-": 333,
    "–": 556,
    "$": 556,
    "%": 889,
    "'": 191,
    "i": 222,
    "l": 222,
    "t": 278,
    "f": 278,
    "r": 333,
}


@dataclass
class Sheet:
    """One page: what is printed where (from the top left), and the rules on it."""

    items: list[tuple[float, float, str, float]] = field(default_factory=list)
    rules: list[tuple[float, float, float]] = field(default_factory=list)
    rotate: int = 0
    sideways: bool = False

    def put(self, x: float, y: float, text: str, size: float = 9) -> Sheet:
        self.items.append((x, y, text, size))
        return self

    def right(self, x: float, y: float, text: str, size: float = 9) -> Sheet:
        return self.put(x - width(text, size), y, text, size)


def width(text: str, size: float) -> float:
    return (
        sum(1000 if ord(c) > 0x2000 and c not in "–’“”" else _ADVANCE.get(c, 556 if c.isdigit() or c.islower() else 700) for c in text)
        * size
        / 1000
    )


def table(
    sheet: Sheet,
    y: float,
    heads: Sequence[Sequence[str]],
    rows: Sequence[tuple[str, ...]],
    columns: Sequence[float],
    *,
    note: float | None = None,
    left: float = 60,
    pitch: float = 14,
) -> float:
    """Print heads and rows, a row being (label, note, value, ...) where there is a note column, else (label, value, ...)."""
    for head in heads:
        for x, text in zip(columns, head, strict=True):
            if text:
                sheet.right(x, y, text)
        y += pitch
    for label, *values in rows:
        if label:
            sheet.put(left + 8 * (len(label) - len(label.lstrip())), y, label.strip())
        if note is not None and values:
            ref, *values = values
            if ref:
                sheet.put(note, y, ref)
        for x, text in zip(columns, values, strict=False):
            if text:
                sheet.right(x + (3 if text.endswith(")") else 0), y, text)
        y += pitch
    return y


def pdf(sheets: Sequence[Sheet]) -> bytes:
    """Return the sheets as a PDF file."""
    objects: list[bytes] = [b"", b""]
    objects.append(b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>")
    objects.append(
        b"<</Type/Font/Subtype/Type0/BaseFont/STSong-Light/Encoding/UniGB-UCS2-H/DescendantFonts[<</Type/Font/Subtype/CIDFontType0"
        b"/BaseFont/STSong-Light/CIDSystemInfo<</Registry(Adobe)/Ordering(GB1)/Supplement 2>>/DW 1000"
        b"/FontDescriptor<</Type/FontDescriptor/FontName/STSong-Light/Flags 4/FontBBox[0 -200 1000 900]"
        b"/ItalicAngle 0/Ascent 880/Descent -120/CapHeight 880/StemV 90>>>>]>>"
    )
    kids = []
    for sheet in sheets:
        body = b"\n".join(
            [
                *(_text(sheet, *item) for item in sheet.items),
                *(b"%g %g m %g %g l S" % (x0, HEIGHT - y, x1, HEIGHT - y) for y, x0, x1 in sheet.rules),
            ]
        )
        objects.append(b"<</Length %d>>stream\n%s\nendstream" % (len(body), body))
        kids.append(len(objects) + 1)
        objects.append(
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 %d %d]/Rotate %d/Resources<</Font<</F1 3 0 R/F2 4 0 R>>>>/Contents %d 0 R>>"
            % (WIDTH, HEIGHT, sheet.rotate, len(objects))
        )
    objects[0] = b"<</Type/Catalog/Pages 2 0 R>>"
    objects[1] = b"<</Type/Pages/Count %d/Kids[%s]>>" % (len(kids), b" ".join(b"%d 0 R" % k for k in kids))
    out = b"%PDF-1.4\n"
    offsets = []
    for number, body in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    xref = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    return out + b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % (len(objects) + 1, xref)


def _text(sheet: Sheet, x: float, y: float, text: str, size: float) -> bytes:
    if any(ord(c) > 0x2000 and c not in "–’“”—" for c in text):
        font, shown = b"F2", b"<" + text.encode("utf-16-be").hex().encode() + b">"
    else:
        font, shown = b"F1", b"<" + text.encode("cp1252").hex().encode() + b">"
    if sheet.sideways:  # text that runs up the page: upright once the page is turned a quarter to the right
        return b"BT /%s %g Tf 0 1 -1 0 %g %g Tm %s Tj ET" % (font, size, y, x, shown)
    return b"BT /%s %g Tf 1 0 0 1 %g %g Tm %s Tj ET" % (font, size, x, HEIGHT - y, shown)
