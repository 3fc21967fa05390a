"""The style, the registry of figures, tables and labels, and how figures are saved."""

import csv
import hashlib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import finmodel as fm
from finmodel.figures import Words, draw, save_figure, style, words_of
from finmodel.figures.labels import label_ends, spread
from finmodel.figures.page import Column, Page, Table, draw_table, draw_text
from finmodel.figures.style import FIRM_COLOURS, full_day, number, percent, text_width, wrap
from finmodel.results import plots
from tests.layout import layout_faults


@pytest.fixture(scope="module")
def ratios(statements):
    """Ratios of two core firms as known before the ban: SenseTime's cost lines are disclosed, Megvii's are not."""
    return fm.compute_ratios(statements.as_of("2021-11-30").select(["sensetime", "megvii"]))


def luminance(colour):
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_firm_colours_stay_apart_in_grey_print():
    steps = np.diff([luminance(c) for c in FIRM_COLOURS.values()])
    assert len(FIRM_COLOURS) <= 5
    assert (steps > 0.07).all()


def test_a_figure_alone_has_its_words_and_no_overlaps(ratios):
    ax = ratios.plot()
    assert layout_faults(ax.figure) == []
    assert words_of(ax).title in " ".join(t.get_text() for t in ax.figure.texts)
    shown = words_of(ax).data.set_index(["firm", "period"])["value"]
    assert round(shown["sensetime", "FY 2020"], 2) == 1.62


def test_missing_values_are_written_and_proxies_hatched(ratios):
    ax = ratios.plot()
    sense, megvii = ax.child_axes
    texts = [t.get_text() for t in sense.texts]
    assert texts.count("not disclosed") == 5 - len(sense.patches) > 0
    assert not any(bar.get_hatch() for bar in sense.patches)
    assert all(bar.get_hatch() for bar in megvii.patches)


@pytest.mark.parametrize("suffix", ["png", "svg", "pdf"])
def test_saved_figures_are_the_same_bytes_with_their_numbers_beside(ratios, tmp_path: Path, suffix):
    digests = set()
    for run in ("a", "b"):
        save_figure(ratios.plot(), tmp_path / f"{run}.{suffix}")
        digests.add(hashlib.sha256((tmp_path / f"{run}.{suffix}").read_bytes()).hexdigest())
    assert len(digests) == 1
    with (tmp_path / "a.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert {"firm", "period", "value", "mark"} <= set(rows[0])
    assert any(round(float(row["value"]), 2) == 1.62 for row in rows if row["value"])
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.csv", f"a.{suffix}", "b.csv", f"b.{suffix}"]


def test_an_unknown_ending_writes_nothing(ratios, tmp_path):
    with pytest.raises(ValueError, match=r"\.png, \.svg, \.pdf"):
        save_figure(ratios.plot(), tmp_path / "a.gif")
    assert not list(tmp_path.iterdir())


def test_text_cells_cannot_become_formulas(ratios, tmp_path):
    save_figure(ratios.plot(), tmp_path / "a.svg", data=pd.DataFrame({"x": ["=1+1", "plain"], "y": [-1.0, 2.0]}))
    assert (tmp_path / "a.csv").read_text() == "x,y\n'=1+1,-1\nplain,2\n"


def test_a_missing_glyph_is_an_error_and_nothing_is_written(ratios, tmp_path):
    ax = ratios.plot()
    ax.figure.text(0.1, 0.5, "商汤")
    with pytest.raises(ValueError, match="5546"):
        save_figure(ax, tmp_path / "a.pdf")
    assert not list(tmp_path.iterdir())


def test_without_a_chinese_face_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setattr("matplotlib.font_manager.findSystemFonts", lambda *a: [])
    with pytest.raises(FileNotFoundError, match="fonts-noto-cjk"), style("zh"):
        pass


def test_axes_without_a_figure_of_ours_are_refused():
    from matplotlib.figure import Figure

    with pytest.raises(LookupError, match="no figure"):
        words_of(Figure().add_subplot())


@given(st.text(alphabet="abc dé商. ", max_size=120), st.floats(0.3, 3))
def test_wrapped_lines_fit_and_lose_nothing(text, width):
    lines = wrap(text, width)
    assert "".join("".join(lines).split()) == "".join(text.split())
    assert all(text_width(line) <= width or len(line.strip()) <= 1 for line in lines)


@given(st.lists(st.floats(0, 10), min_size=1, max_size=8))
def test_spread_keeps_order_and_distance(wanted):
    placed = spread(wanted, 0.5, 0, 10)
    order = np.argsort(wanted, kind="stable")
    assert (np.diff(np.array(placed)[order]) >= 0.5 - 1e-6).all()
    assert min(placed) >= 0 and max(placed) <= 10 + 1e-6


def test_labels_of_lines_that_end_together_do_not_touch():
    with style():
        page = Page.blank()
        ax = page.area(width=6, height=3)
        ax.set(xlim=(0, 1), ylim=(0, 1))
        label_ends(ax, [(1, 0.5, "one", "black"), (1, 0.51, "two", "black"), (1, 0.49, "three", "black")])
        assert layout_faults(page.figure) == []


def table(rows=3):
    columns = [Column("Firm"), Column("Cash, RMB bn", "right"), Column("Why", share=1)]
    return Table(
        columns, [["SenseTime", "12.35†", "a reason of some length " * 9]] * rows + [["Megvii", "1,204.1", "short"]], frozenset([0])
    )


def test_a_table_fits_its_area_wraps_and_aligns_on_the_decimal():
    with style():
        page = Page.blank()
        assert draw_table(page.area(), table()) == 4
        page.frame(Words("A finding", "What is drawn"), 1, "foot")
        assert layout_faults(page.figure) == []
        numbers = {t.get_text(): t for t in page.figure.axes[0].texts if t.get_text()[0].isdigit()}
        ends = {k: t.get_position()[0] - text_width(k.partition(".")[2]) for k, t in numbers.items()}
        assert ends["12.35†"] == pytest.approx(ends["1,204.1"])


def test_a_table_that_is_too_long_says_how_many_rows_it_drew():
    with style():
        drawn = draw_table(Page.blank().area(height=1.5), table(40))
    assert 0 < drawn < 41


def test_a_table_that_is_too_wide_is_refused():
    with style(), pytest.raises(ValueError, match="inches"):
        draw_table(Page.blank().area(width=1), table())


def test_text_runs_over_columns_and_reports_what_is_left():
    with style():
        page = Page.blank()
        drawn = draw_text(page.area(height=1.5), ["# Head", *["words " * 60] * 8], columns=2)
        assert 2 < drawn < 9
        assert layout_faults(page.figure) == []


def test_the_checker_sees_overlap_and_overflow():
    with style():
        page = Page.blank()
        page.figure.text(0.5, 0.5, "one text here")
        page.figure.text(0.5, 0.5, "another")
        page.figure.text(0.99, 0.2, "beyond the edge of the page")
        found = layout_faults(page.figure)
    assert len(found) == 2
    assert "outside" in found[0] and "overlap" in found[1]


def test_numbers_and_days_are_written_one_way():
    assert (number(-1234.5, 1), percent(0.031, 1), full_day("2021-02-03")) == ("−1,234.5", "3.1%", "3 Feb 2021")


def test_every_figure_names_a_public_function():
    for name, drawing in plots.items():
        assert drawing.name == name
        assert drawing.__doc__
        assert callable(drawing.of) or drawing.of in fm.__all__


@pytest.mark.parametrize("day", ["2021-11-30", "2023-04-30", "2026-03-23"])
@pytest.mark.parametrize("name", list(plots))
def test_every_figure_alone_is_clean_and_has_numbers(name, day, statements):
    ax = draw(name, statements.as_of(day))
    words = words_of(ax)
    assert layout_faults(ax.figure) == []
    assert len(words.data)
    assert words.title and words.subtitle


def test_a_figure_of_other_firms_draws_them_without_the_line_of_the_four(statements):
    ax = draw("cost_to_revenue", statements.select(["meiya-pico", "dawning"]))
    assert "Meiya Pico" in words_of(ax).title
    assert not any("reported" in t.get_text() for panel in ax.child_axes for t in panel.texts)
