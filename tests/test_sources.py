from datetime import date

import pandas as pd
import pytest

from finmodel.facts import shipped_facts
from finmodel.sources import cite, documents, find_document, quoted_day


def test_documents_are_the_register():
    table = documents()
    assert table["document"].is_unique
    document = find_document("sensetime-prospectus-2021")
    assert (document.published_on, document.pages, document.published) == (date(2021, 12, 7), 761, "7 Dec 2021")
    assert len(document.sha256) == 64


def test_an_unknown_document_gets_the_nearest_names():
    with pytest.raises(LookupError, match="did you mean 'sensetime-prospectus-2021'"):
        find_document("sensetime-prospectus-2020")


@pytest.mark.parametrize(
    ("fact", "expected"),
    [
        (
            {"document": "sensetime-application-proof-2021", "published_on": "2021-08-27", "date_estimated": False, "page": pd.NA,
             "read_from": "secondary", "status": "confirmed"},
            "SenseTime Group Inc.: application proof (Hong Kong), published 27 Aug 2021, page n/a, secondary †",
        ),
        (
            {"document": "sensetime-interim-results-2023", "published_on": "2023-08-31", "date_estimated": True, "page": "",
             "read_from": "vendor", "status": "derived"},
            "SenseTime: interim results for the first half of 2023, published by 31 Aug 2023, page n/a, vendor †~",
        ),
        (
            {"document": "my-report", "published_on": "2024-01-05", "date_estimated": "false", "page": 12,
             "read_from": "primary", "status": "single"},
            "my-report, published 5 Jan 2024, page 12, primary",
        ),
        ({"document": "", "published_on": "2024-01-05"}, "document not named, published 5 Jan 2024, page n/a, secondary †"),
    ],
)  # fmt: skip
def test_a_citation_says_document_day_page_and_how_it_was_read(fact, expected):
    assert cite(fact) == expected
    assert cite(pd.Series(fact)) == expected


def test_every_shipped_fact_can_be_cited():
    lines = [cite(row) for _, row in shipped_facts().iterrows()]
    assert all("published" in line and "†" in line for line in lines)


def test_days_are_quoted_in_english_whatever_the_locale():
    assert quoted_day(date(2025, 5, 1)) == "1 May 2025"
