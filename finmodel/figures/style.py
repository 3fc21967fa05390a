"""The one style of every figure and page: sizes, colours, typefaces, and how numbers and days are written."""

from __future__ import annotations

import dataclasses
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import matplotlib as mpl
from matplotlib import font_manager
from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.ft2font import FT2Font, LoadFlags

from finmodel.sources import MONTHS, quoted_day

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Language = Literal["en", "zh"]

PAGE = (11.69, 8.27)
"""Width and height of a page of the pack, inches (A4 landscape)."""
ALONE = (6.0, 4.0)
"""Width and height of a figure that stands alone, inches."""

TITLE, SUBTITLE, LABEL, NOTE = 15.0, 10.0, 8.5, 7.0
"""The type scale, points."""
LINE = 1.32
"""Height of a line of text in units of its size."""

INK = "#222222"
MUTED = "#6b6b6b"
GREY = "#a9a9a9"
FAINT = "#d9d9d9"
PALE = "#f0f0f0"
ACCENT = "#7a4f9a"
"""For law and its dates, and for whatever one line a chart compares with."""

HALO: dict[str, Any] = {"facecolor": "white", "edgecolor": "none", "pad": 0.8}
"""Ground of a label that stands on lines."""

STEPS = ("#f4eef8", "#dcc9e8", "#b99bcb", "#8f62ad", "#4b2769")
"""Tones of a share that is lost, from none to all."""

FIRM_COLOURS = {"sensetime": "#16275c", "megvii": "#a8382d", "cloudwalk": "#1c8c84", "yitu": "#d79a2b"}
"""The same hue for a firm on every page, from dark to light so that they still read in grey print."""
_INKS = FIRM_COLOURS | {"yitu": "#9a6a12"}

RC: dict[str, Any] = {
    "font.family": ["DejaVu Sans"],
    "font.size": LABEL,
    "text.color": INK,
    "text.parse_math": False,
    "axes.edgecolor": MUTED,
    "axes.labelcolor": MUTED,
    "axes.labelsize": LABEL,
    "axes.linewidth": 0.6,
    "axes.grid": True,
    "axes.grid.axis": "y",
    "axes.axisbelow": True,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.spines.left": False,
    "axes.titlesize": LABEL,
    "axes.titlelocation": "left",
    "axes.titleweight": "bold",
    "axes.unicode_minus": True,
    "axes.formatter.use_mathtext": False,
    "grid.color": FAINT,
    "grid.linewidth": 0.5,
    "xtick.labelsize": LABEL,
    "ytick.labelsize": LABEL,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "xtick.major.size": 3,
    "ytick.major.size": 0,
    "xtick.major.width": 0.6,
    "lines.linewidth": 1.8,
    "lines.solid_capstyle": "round",
    "hatch.linewidth": 0.5,
    "patch.linewidth": 0,
    "legend.frameon": False,
    "legend.fontsize": LABEL,
    "figure.facecolor": "white",
    "figure.constrained_layout.use": False,
    "savefig.bbox": None,
    "pdf.fonttype": 42,
    "pdf.compression": 9,
    "svg.fonttype": "none",
    "svg.hashsalt": "finmodel",
}

CHINESE_FACES = (
    "NotoSansCJK",
    "NotoSansSC",
    "SourceHanSans",
    "wqy-microhei",
    "wqy-zenhei",
    "PingFang",
    "msyh",
    "simhei",
    "STHeiti",
    "DroidSansFallback",
)
"""Beginnings of the file names of typefaces with Chinese glyphs, best first."""


@contextmanager
def style(language: Language = "en") -> Iterator[None]:
    """Draw in finmodel's style within the block; a character without a glyph is an error, never a box.

    Parameters
    ----------
    language : {"en", "zh"}
        ``zh`` adds a typeface with Chinese glyphs, found among the system's font files.

    Raises
    ------
    ValueError
        If a text has a character that no typeface in use has.
    FileNotFoundError
        If `language` is ``zh`` and the system has no Chinese typeface.
    """
    family = [_bundled_face()] + ([_chinese_face()] if language == "zh" else [])
    settings: Any = RC | {"font.family": family}
    with mpl.rc_context(settings), strict_glyphs():
        yield


@contextmanager
def strict_glyphs() -> Iterator[None]:
    """Turn matplotlib's warning about a missing glyph into a ValueError that names the character."""
    with warnings.catch_warnings():
        warnings.filterwarnings("error", message=r"(?s)Glyph .* missing from")
        try:
            yield
        except UserWarning as warning:
            if "missing from" not in str(warning):
                raise
            raise ValueError(f"no typeface in use can draw a character: {warning}; write it in Latin letters or use language zh") from None


@cache
def _bundled_face() -> str:
    """Put matplotlib's own copy of DejaVu Sans before the system's, so that pages are the same on every machine."""
    folder = Path(mpl.get_data_path()) / "fonts" / "ttf"
    for name in ("DejaVuSans", "DejaVuSans-Bold", "DejaVuSans-Oblique", "DejaVuSans-BoldOblique"):
        _register(folder / f"{name}.ttf")
    return "DejaVu Sans"


def _chinese_face() -> str:
    """Return the family name of a Chinese typeface, registered by its path (family names differ between systems and caches)."""
    files = {Path(f).stem.lower(): Path(f) for f in sorted(font_manager.findSystemFonts())}
    for wanted in CHINESE_FACES:
        regular = sorted(s for s in files if s.startswith(wanted.lower()))
        if regular:
            return _register(files[min(regular, key=lambda s: ("regular" not in s, s))], bold=True)
    raise FileNotFoundError(
        "no typeface with Chinese glyphs among the system's fonts; install one (Debian: fonts-noto-cjk or fonts-wqy-zenhei) "
        f"or use language en. Looked for files that begin with {', '.join(CHINESE_FACES)}"
    )


@lru_cache(maxsize=16)
def _register(path: Path, bold: bool = False) -> str:
    """Add a font file before all others, if wanted to stand for bold too; return its family name."""
    known = font_manager.fontManager.ttflist
    before = len(known)
    font_manager.fontManager.addfont(str(path))
    added = known[before:]
    del known[before:]
    faces = [dataclasses.replace(face, weight=400 if face.weight == 500 else face.weight) for face in added]
    known[:0] = [*faces, *(dataclasses.replace(face, weight=700) for face in faces if bold)]
    return added[0].name


def new_axes(margin: float, above: float, beneath: float, tall: float) -> Axes:
    """Return axes of a new figure, so many inches from its edges; in a notebook pyplot shows it, elsewhere there is no global state.

    Parameters
    ----------
    margin, above, beneath : float
        Inches left, right, above and beneath the axes.
    tall : float
        Height of the axes in units of the usual one.
    """
    width, height = ALONE
    inner = (height - above - beneath) * tall
    size = (width, inner + above + beneath)
    if "ipykernel" in sys.modules:
        import matplotlib.pyplot as plt

        figure = plt.figure(figsize=size)
    else:
        figure = Figure(figsize=size)
    return figure.add_axes((margin / width, beneath / size[1], 1 - 2 * margin / width, inner / size[1]))


def canvas(ax: Axes) -> Figure:
    """Return the whole figure that the axes belong to."""
    figure = ax.get_figure(root=True)
    if figure is None:
        raise ValueError("these axes were removed from their figure")
    return figure


def colour(firm: str) -> str:
    """Return the colour of a firm's lines and bars; grey for all but the core four."""
    return FIRM_COLOURS.get(firm, GREY)


def pale(tone: str, share: float = 0.5) -> str:
    """Mix a colour with white (opaque, so that no line shows through)."""
    red, green, blue = to_rgb(tone)
    return to_hex((1 - share + share * red, 1 - share + share * green, 1 - share + share * blue))


def ink(firm: str) -> str:
    """Return the colour of a firm's labels: its own, darkened where that would be too pale to read."""
    return _INKS.get(firm, MUTED)


def text_width(text: str, size: float = LABEL, bold: bool = False) -> float:
    """Return the width of one line of text in inches."""
    family = tuple(mpl.rcParams["font.family"])
    return sum(_advance(character, family, bold) for character in text) * size / 72


@lru_cache(maxsize=20_000)
def _advance(character: str, family: tuple[str, ...], bold: bool) -> float:
    """Return the width of a character in units of the type size, in the first face of the family that has it."""
    for name in family:
        face = _face(name, bold)
        if face.get_char_index(ord(character)):
            return float(face.load_char(ord(character), flags=LoadFlags.NO_SCALE).horiAdvance) / face.units_per_EM
    return 1.0


@cache
def _face(name: str, bold: bool) -> FT2Font:
    return font_manager.get_font(font_manager.findfont(FontProperties(family=[name], weight="bold" if bold else "normal")))


def wrap(text: str, width: float, size: float = LABEL, bold: bool = False) -> list[str]:
    """Break text into lines no wider than `width` inches; an over-long word is broken within itself.

    Examples
    --------
    >>> wrap("one two three", 0.55)
    ['one two', 'three']
    """
    lines: list[str] = []
    for paragraph in text.split("\n"):
        line = ""
        for word in _words(paragraph):
            if text_width(line + word, size, bold) <= width or not line.strip():
                line += word
            else:
                lines.append(line.rstrip())
                line = word.lstrip()
            while text_width(line, size, bold) > width and len(line.strip()) > 1:
                cut = max(1, sum(text_width(line[:i], size, bold) <= width for i in range(1, len(line))))
                lines.append(line[:cut])
                line = line[cut:]
        lines.append(line.rstrip())
    return lines


def _words(paragraph: str) -> list[str]:
    """Split where a line may break: after a space, and around Chinese characters."""
    words: list[str] = [""]
    for character in paragraph:
        if words[-1].endswith(" ") and character != " ":
            words.append("")
        if "\u2e80" <= character <= "\uffef" and character not in "，。；：、）」》" and words[-1]:
            words.append("")
        words[-1] += character
    return words


def bn(value: float) -> str:
    """Write an amount in billions with one decimal.

    Examples
    --------
    >>> bn(12_158_000_000), bn(-640e6)
    ('12.2', '−0.6')
    """
    return number(value / 1e9, 1)


def number(value: float, decimals: int = 0) -> str:
    """Write a number with thousands separators and a true minus; a number that is not known is a dash.

    Examples
    --------
    >>> number(12345.678, 1), number(-0.04, 1), number(float("nan"))
    ('12,345.7', '0.0', '–')
    """
    if value != value:  # NaN
        return "–"
    text = f"{value:,.{decimals}f}"
    if not text.strip("-0.,"):
        text = text.lstrip("-")
    return text.replace("-", "−")


def percent(share: float, decimals: int = 0) -> str:
    """Write a share of one as a percentage.

    Examples
    --------
    >>> percent(0.4567)
    '46%'
    """
    return "–" if share != share else f"{number(100 * share, decimals)}%"


def month(day: str | date) -> str:
    """Write a day as month and year, whatever the system's language.

    Examples
    --------
    >>> month("2021-12-10")
    'Dec 2021'
    """
    when = date.fromisoformat(day) if isinstance(day, str) else day
    return f"{MONTHS[when.month - 1]} {when.year}"


def full_day(day: str | date) -> str:
    """Write a day in full.

    Examples
    --------
    >>> full_day("2021-12-10")
    '10 Dec 2021'
    """
    return quoted_day(date.fromisoformat(day) if isinstance(day, str) else day)
