"""The pages that were read, with every figure boxed and numbered, so that a person sees in a minute what the machine did."""

from __future__ import annotations

import ctypes
import os
from pathlib import Path

import pandas as pd
import pypdfium2 as pdfium
import pypdfium2.raw as raw

from finmodel.data import written
from finmodel.loaders.pdf import quarter_turns, unturned

_NAMED, _UNNAMED = (0, 120, 60), (200, 90, 0)
_NUMBER_SIZE = 4.5


def write_review(path: str | os.PathLike[str], facts: pd.DataFrame, out: str | os.PathLike[str]) -> int:
    """Write the pages of a PDF from which facts were read, each figure in a box with its number.

    Green boxes have a line item, orange ones have none. Figure n is the n-th row of the facts.

    Parameters
    ----------
    path : path
        The PDF that was read.
    facts : pandas.DataFrame
        What :func:`finmodel.load` returned for it.
    out : path
        PDF to write; it appears whole or not at all.

    Returns
    -------
    int
        Number of pages.

    Raises
    ------
    ValueError
        If the facts have no pages: they were not read from a PDF.
    """
    numbered = facts.reset_index(drop=True)
    numbered = numbered[numbered["page"].notna() & numbered["locator"].str.match(r"[\d.-]+(,[\d.-]+){3}$")]
    if numbered.empty:
        raise ValueError(f"{Path(path).name} has no pages to review: only PDF files have; the locator column names table and row")
    source = pdfium.PdfDocument(path)
    target = pdfium.PdfDocument.new()
    try:
        pages = sorted({int(p) for p in numbered["page"]})
        target.import_pages(source, [p - 1 for p in pages])
        for index, number in enumerate(pages):
            page = target[index]
            _draw(target, page, numbered[numbered["page"] == number])
            raw.FPDFPage_GenerateContent(page.raw)
            page.close()
        with written(out) as temporary:
            target.save(temporary)
    finally:
        target.close()
        source.close()
    return len(pages)


def _draw(document: pdfium.PdfDocument, page: pdfium.PdfPage, facts: pd.DataFrame) -> None:
    turns = quarter_turns(page)
    for row, locator, item in zip(facts.index, facts["locator"], facts["line_item"], strict=True):
        x0, top, x1, bottom = (float(v) for v in locator.split(","))
        left, low, right, high = unturned(page, turns, (x0 - 1, top - 1, x1 + 1, bottom + 1))
        colour = _NAMED if item else _UNNAMED
        box = raw.FPDFPageObj_CreateNewRect(left, low, right - left, high - low)
        raw.FPDFPageObj_SetStrokeColor(box, *colour, 255)
        raw.FPDFPageObj_SetStrokeWidth(box, 0.6)
        raw.FPDFPath_SetDrawMode(box, raw.FPDF_FILLMODE_NONE, True)
        raw.FPDFPage_InsertObject(page.raw, box)
        _write(document, page, str(int(row) + 1), left, high, colour)


def _write(document: pdfium.PdfDocument, page: pdfium.PdfPage, text: str, x: float, y: float, colour: tuple[int, int, int]) -> None:
    label = raw.FPDFPageObj_NewTextObj(document.raw, b"Helvetica", _NUMBER_SIZE)
    raw.FPDFText_SetText(label, (ctypes.c_ushort * (len(text) + 1))(*map(ord, text), 0))
    raw.FPDFPageObj_SetFillColor(label, *colour, 255)
    raw.FPDFPageObj_Transform(label, 1, 0, 0, 1, x, y + 0.5)
    raw.FPDFPage_InsertObject(page.raw, label)
