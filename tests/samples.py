"""Small files of every format, built here, so that the tests of loaders mean something without the folder of real documents."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from xml.sax.saxutils import escape

YEARS = {
    "2020": {"Revenues": 3446, "CostOfRevenue": 1013, "GrossProfit": 2433},
    "2021": {"Revenues": 4700, "CostOfRevenue": 1424, "GrossProfit": 3276},
}
"""Duration concepts in thousands."""
ENDS = {
    "2020": {"Assets": 9000, "Liabilities": 4000, "StockholdersEquity": 5000},
    "2021": {"Assets": 9500, "Liabilities": 4100, "StockholdersEquity": 5400},
}
"""Instant concepts in thousands."""
XBRLI, US = "http://www.xbrl.org/2003/instance", "http://fasb.org/us-gaap/2021"


def companyfacts(**changes: object) -> bytes:
    """A companyfacts file: FY 2020 in the 10-K of 2021, restated in the 10-K/A; FY 2021 in the 10-K of 2022."""

    def entry(year: str, value: int, accn: str, form: str, filed: str, start: bool) -> dict[str, object]:
        first = {"start": f"{year}-01-01"} if start else {}
        return {
            **first,
            "end": f"{year}-12-31",
            "val": value * 1000,
            "accn": accn,
            "fy": int(year),
            "fp": "FY",
            "form": form,
            "filed": filed,
        }

    facts: dict[str, object] = {}
    for table, start in ((YEARS, True), (ENDS, False)):
        for concept in table["2020"]:
            entries = [
                entry("2020", table["2020"][concept], "0001-21-1", "10-K", "2021-03-01", start),
                entry("2020", table["2020"][concept] + (10 if concept == "Revenues" else 0), "0001-21-9", "10-K/A", "2021-09-01", start),
                entry("2021", table["2021"][concept], "0001-22-1", "10-K", "2022-03-01", start),
            ]
            facts[concept] = {"label": concept, "description": "", "units": {"USD": entries, "shares": [{"end": "2020-12-31", "val": 5}]}}
    data = {"cik": 1, "entityName": "Sample Inc.", "facts": {"dei": {}, "us-gaap": facts}} | changes
    return json.dumps(data).encode()


def contexts(extra: str = "") -> str:
    """Contexts D2020, I2020, ... of the whole firm, and S2020 of a segment."""
    entity = '<entity><identifier scheme="x">1</identifier></entity>'
    out = ""
    for year in YEARS:
        out += (
            f'<context id="D{year}">{entity}<period><startDate>{year}-01-01</startDate><endDate>{year}-12-31</endDate></period></context>'
        )
        out += f'<context id="I{year}">{entity}<period><instant>{year}-12-31</instant></period></context>'
    member = (
        '<segment><xbrldi:explicitMember xmlns:xbrldi="http://xbrl.org/2006/xbrldi" dimension="a:b">a:c</xbrldi:explicitMember></segment>'
    )
    out += (
        f'<context id="S2020"><entity><identifier scheme="x">1</identifier>{member}</entity>'
        "<period><startDate>2020-01-01</startDate><endDate>2020-12-31</endDate></period></context>"
    )
    return out + extra


def instance(body: str = "", prolog: str = "") -> bytes:
    """An XBRL instance with the figures above, a segment's revenue and a rounded duplicate of revenue."""
    facts = ""
    for prefix, table in (("D", YEARS), ("I", ENDS)):
        for year, figures in table.items():
            for concept, value in figures.items():
                facts += f'<us-gaap:{concept} contextRef="{prefix}{year}" unitRef="usd" decimals="-3">{value}000</us-gaap:{concept}>'
    facts += '<us-gaap:Revenues contextRef="S2020" unitRef="usd" decimals="-3">999000</us-gaap:Revenues>'
    facts += '<us-gaap:Revenues contextRef="D2020" unitRef="usd" decimals="-6">3000000</us-gaap:Revenues>'
    unit = '<unit id="usd"><measure>iso4217:USD</measure></unit>'
    about = '<dei:EntityRegistrantName xmlns:dei="http://xbrl.sec.gov/dei/2021" contextRef="D2021">Sample Inc.</dei:EntityRegistrantName>'
    about += '<dei:DocumentType xmlns:dei="http://xbrl.sec.gov/dei/2021" contextRef="D2021">10-K</dei:DocumentType>'
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>{prolog}<xbrl xmlns="{XBRLI}" xmlns:us-gaap="{US}" xmlns:iso4217="http://www.xbrl.org/2003/iso4217">'
        f"{contexts()}{unit}{about}{facts}{body}</xbrl>"
    ).encode()


def inline(body: str = "", prolog: str = "") -> bytes:
    """An inline report with the same figures, printed in thousands, a loss in parentheses and a nested tag."""
    rows = ""
    for prefix, table in (("D", YEARS), ("I", ENDS)):
        for year, figures in table.items():
            for concept, value in figures.items():
                rows += (
                    f'<p>{concept} <ix:nonFraction name="us-gaap:{concept}" contextRef="{prefix}{year}" unitRef="usd" decimals="-3" '
                    f'scale="3" format="ixt:num-dot-decimal">{value:,}</ix:nonFraction></p>'
                )
    rows += (
        '<p>(<ix:nonFraction name="us-gaap:NetIncomeLoss" contextRef="D2020" unitRef="usd" decimals="-3" scale="3" sign="-" '
        'format="ixt:num-dot-decimal"><span>1,</span><b>234</b></ix:nonFraction>)</p>'
    )
    unit = '<unit xmlns="http://www.xbrl.org/2003/instance" id="usd"><measure>iso4217:USD</measure></unit>'
    frame = contexts().replace("<context ", f'<context xmlns="{XBRLI}" ')
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>{prolog}'
        '<html xmlns="http://www.w3.org/1999/xhtml" xmlns:ix="http://www.xbrl.org/2013/inlineXBRL" '
        f'xmlns:us-gaap="{US}" xmlns:ixt="http://www.xbrl.org/inlineXBRL/transformation/2020-02-12"><head><title>t</title></head><body>'
        f'<div style="display:none"><ix:header><ix:resources>{frame}{unit}</ix:resources></ix:header></div>{rows}{body}</body></html>'
    ).encode()


def data_set(path: Path) -> Path:
    """An SEC data set: two filings of one firm, one of another, with a segment's figure and shares."""
    sub = [
        "adsh\tcik\tname\tform\tperiod\tfiled",
        "1-21-1\t1\tSAMPLE INC\t10-K\t20201231\t20210301",
        "1-21-9\t1\tSAMPLE INC\t10-K/A\t20201231\t20210901",
        "2-21-1\t2\tOTHER CORP\t10-Q\t20210331\t20210501",
    ]
    num = [
        "adsh\ttag\tversion\tddate\tqtrs\tuom\tsegments\tcoreg\tvalue\tfootnote",
        "1-21-1\tRevenues\tus-gaap/2020\t20201231\t4\tUSD\t\t\t3446000.0000\t",
        "1-21-1\tRevenues\tus-gaap/2020\t20201231\t4\tUSD\tBusiness=Cloud;\t\t999000.0000\t",
        "1-21-1\tAssets\tus-gaap/2020\t20201231\t0\tUSD\t\t\t9000000.0000\t",
        "1-21-1\tAssets\tus-gaap/2020\t20201231\t0\tUSD\t\tSubsidiary\t10.0000\t",
        "1-21-1\tHome\t1-21-1\t20201231\t0\tUSD\t\t\t7.0000\t",
        "1-21-9\tRevenues\tus-gaap/2020\t20201231\t4\tUSD\t\t\t3456000.0000\t",
        "2-21-1\tRevenues\tus-gaap/2020\t20210331\t1\tUSD\t\t\t500.0000\t",
        "2-21-1\tAssets\tus-gaap/2020\t20210331\t0\tshares\t\t\t500.0000\t",
    ]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("sub.txt", "\n".join(sub) + "\n")
        archive.writestr("num.txt", "\n".join(num) + "\n")
    return path


def workbook(path: Path, sheets: dict[str, list[list[object]]], cells: dict[str, str] | None = None, head: str = "") -> Path:
    """An .xlsx written by hand: text and numbers by row; `cells` replaces the XML of a cell by address on the first sheet."""
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006/"
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        parts = "".join(
            f'<Override PartName="/xl/worksheets/sheet{i}.xml" ContentType="{kind}.worksheet+xml"/>' for i in range(1, len(sheets) + 1)
        )
        archive.writestr(
            "[Content_Types].xml",
            f'<Types xmlns="{package}content-types">'
            '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
            f'<Override PartName="/xl/workbook.xml" ContentType="{kind}.sheet.main+xml"/>'
            f"{parts}</Types>",
        )
        archive.writestr(
            "_rels/.rels",
            f'<Relationships xmlns="{package}relationships">'
            f'<Relationship Id="rId1" Type="{office}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        )
        listed = "".join(f'<sheet name="{escape(name)}" sheetId="{i}" r:id="rId{i}"/>' for i, name in enumerate(sheets, start=1))
        archive.writestr("xl/workbook.xml", f'<workbook xmlns="{main}" xmlns:r="{office}"><sheets>{listed}</sheets></workbook>')
        links = "".join(
            f'<Relationship Id="rId{i}" Type="{office}/worksheet" Target="worksheets/sheet{i}.xml"/>' for i in range(1, len(sheets) + 1)
        )
        archive.writestr("xl/_rels/workbook.xml.rels", f'<Relationships xmlns="{package}relationships">{links}</Relationships>')
        for i, rows in enumerate(sheets.values(), start=1):
            xml = "".join(_row(number, row, (cells or {}) if i == 1 else {}) for number, row in enumerate(rows, start=1))
            archive.writestr(f"xl/worksheets/sheet{i}.xml", f'{head}<worksheet xmlns="{main}"><sheetData>{xml}</sheetData></worksheet>')
    return path


def _row(number: int, row: list[object], cells: dict[str, str]) -> str:
    out = ""
    for place, value in enumerate(row):
        address = f"{chr(65 + place)}{number}"
        if address in cells:
            out += cells[address]
        elif isinstance(value, str):
            out += f'<c r="{address}" t="inlineStr"><is><t xml:space="preserve">{escape(value)}</t></is></c>' if value else ""
        elif value is not None:
            out += f'<c r="{address}"><v>{value}</v></c>'
    return f'<row r="{number}">{out}</row>'


WIDE: list[list[object]] = [
    ["Sample Inc.: balance sheet (RMB'000)"],
    ["", "2021-12-31", "2020-12-31"],
    ["Inventories", 120, 100],
    ["Total current assets", 1500, 1400],
    ["Total non-current assets", 3500, 3100],
    ["Total assets", 5000, 4500],
    ["Total liabilities", 2000, 1900],
    ["Total equity", 3000, 2600],
]
"""A balance sheet with periods across."""


def pdf(path: Path, pages: list[list[str]]) -> Path:
    """A PDF with one line of text per string, as small as a PDF can be."""
    objects = ["<< /Type /Catalog /Pages 2 0 R >>", ""]
    kids = []
    for lines in pages:
        text = "BT /F1 10 Tf 40 800 Td 14 TL " + " ".join(f"({line.translate(_ESCAPES)}) Tj T*" for line in lines) + " ET"
        objects.append(f"<< /Length {len(text)} >>\nstream\n{text}\nendstream")
        stream = len(objects)
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents {stream} 0 R "
            "/Resources << /Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Courier >> >> >> >>"
        )
        kids.append(f"{len(objects)} 0 R")
    objects[1] = f"<< /Type /Pages /Kids [{' '.join(kids)}] /Count {len(kids)} >>"
    path.write_bytes(pdf_of(objects))
    return path


_ESCAPES = str.maketrans({"(": r"\(", ")": r"\)", "\\": r"\\"})


def pdf_of(objects: list[str]) -> bytes:
    """The bytes of a PDF made of objects; the first is the catalogue."""
    out = b"%PDF-1.4\n"
    places = []
    for number, body in enumerate(objects, start=1):
        places.append(len(out))
        out += f"{number} 0 obj\n{body}\nendobj\n".encode("latin-1")
    table = "".join(f"{place:010d} 00000 n \n" for place in places)
    start = len(out)
    out += f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}".encode()
    return out + f"trailer << /Size {len(objects) + 1} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n".encode()
