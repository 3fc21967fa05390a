"""Scenarios: dated, argued assumptions, one TOML file each; a scenario names only what it changes from its parents.

The law is data of its own (:mod:`finmodel.restrictions`); a scenario says which law it takes and what else it supposes. Levers are a
closed vocabulary (``data/levers.csv``). A change of kind ``direct`` can only restrict; what helps the firm (state support, cost cuts) is
a ``response``, so that both can be told apart.
"""

from __future__ import annotations

import hashlib
import math
import os
import tomllib
from collections.abc import Collection
from dataclasses import dataclass, field, fields, replace
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd

from finmodel.data import data_root
from finmodel.errors import DataError, fault, unknown
from finmodel.levers import AS_OF, lever
from finmodel.scenario_faults import REQUIRED, change_faults, is_text, unknown_key
from finmodel.units import add_months

_TOP = ("title", "question", "inherits", "change")


@dataclass(frozen=True)
class Change:
    """One assumption: a lever, what happens to it, from when, how sure, why.

    Attributes
    ----------
    lever : str
        Name from ``levers.csv``; a channel's is written ``channel.<name>``.
    effect : str
        multiply, add, close, set, in_force or apply, as the lever allows.
    value, low, high : float
        Central value and the ends of its interval, in the lever's unit; NaN where the effect takes none.
    start : str
        First day (ISO), ``as_of``, or blank for a law's own dates.
    end : str
        Last day (ISO), blank for no end.
    delay : int
        Months from `start` until it bites.
    applies_to : tuple of str
        Investor classes, regimes or exposures concerned; empty for all.
    kind : str
        direct or response.
    reason, reference : str
        Why, and an address or ``assumption``.
    restriction : str
        Name of the scenario that brought it in.
    """

    lever: str
    effect: str
    kind: str
    reason: str
    reference: str
    value: float = math.nan
    low: float = math.nan
    high: float = math.nan
    start: str = ""
    end: str = ""
    delay: int = 0
    applies_to: tuple[str, ...] = ()
    restriction: str = ""

    @property
    def channel(self) -> str:
        """The channel concerned, blank where the lever is no channel."""
        return self.lever.removeprefix("channel.") if self.lever.startswith("channel.") else ""

    @property
    def family(self) -> str:
        """What the lever moves: cash_flow, working_capital, channel, access or law."""
        return lever(self.lever.split(".")[0])["family"]

    def begins(self, as_of: date) -> date:
        """Return the first day on which it bites, for a run as of a day."""
        start = as_of if self.start in (AS_OF, "") else date.fromisoformat(self.start)
        return add_months(start, self.delay) if self.delay else start

    def holds(self, day: date, as_of: date) -> bool:
        """Return whether it bites on `day`."""
        return self.begins(as_of) <= day and (not self.end or day <= date.fromisoformat(self.end))

    @property
    def amount(self) -> float:
        """Its value; 0 where it closes something."""
        return 0.0 if self.effect == "close" else self.value

    def bound(self, end: str) -> float:
        """Return the ``worst`` or the ``best`` end of its interval for the firm; NaN where it has no value."""
        harmful_low = lever(self.lever.split(".")[0])["harm"] != "above"
        return self.low if (end == "worst") == harmful_low else self.high


@dataclass(frozen=True)
class Scenario:
    """A named set of changes, with those of its parents.

    Attributes
    ----------
    name, title, question : str
        File name, what it supposes, and the claim it stands for.
    inherits : tuple of str
        Names of its parents.
    changes : tuple of Change
        Every change in force: inherited ones first. An own change takes the place of an inherited one of the same lever, effect and
        ``applies_to``.
    """

    name: str
    title: str
    question: str
    inherits: tuple[str, ...] = ()
    changes: tuple[Change, ...] = field(default=())

    @property
    def restrictions(self) -> tuple[str, ...]:
        """Names of the scenarios that brought in its changes: what an attribution shares the cost among."""
        return tuple(dict.fromkeys(change.restriction for change in self.changes))

    def only(self, restrictions: Collection[str]) -> Scenario:
        """Return the scenario with the changes of some of its restrictions alone; of none, it restricts nothing.

        Raises
        ------
        LookupError
            If a name is none of its restrictions.
        """
        for name in restrictions:
            if name not in self.restrictions:
                raise unknown(f"restriction of scenario {self.name}", name, self.restrictions)
        return replace(self, changes=tuple(c for c in self.changes if c.restriction in restrictions))

    def direct(self) -> Scenario:
        """Return the scenario with responses held fixed: only its direct changes."""
        return replace(self, changes=tuple(c for c in self.changes if c.kind == "direct"))

    def at(self, end: str) -> Scenario:
        """Return the scenario with every value at the ``worst`` or ``best`` end of its interval for the firm."""
        return replace(self, changes=tuple(replace(c, value=c.bound(end)) for c in self.changes))

    @property
    def table(self) -> pd.DataFrame:
        """One row per change, with every column of :class:`Change`."""
        rows = [{f.name: getattr(c, f.name) for f in fields(Change)} | {"applies_to": " ".join(c.applies_to)} for c in self.changes]
        columns = ["restriction", *(f.name for f in fields(Change) if f.name != "restriction")]
        return pd.DataFrame(rows, columns=columns)

    @property
    def digest(self) -> str:
        """Short hash of the changes: the same assumptions give the same digest."""
        return hashlib.sha256(self.table.to_csv(index=False).encode()).hexdigest()[:12]


def scenario_names() -> tuple[str, ...]:
    """Return the names of the shipped scenarios: baseline and unrestricted first, the combination last."""
    names = sorted(path.stem for path in (data_root() / "scenarios").glob("*.toml"))
    place = {"baseline": -2, "unrestricted": -1, "everything-at-once": 1}
    return tuple(sorted(names, key=lambda name: (place.get(name, 0), name)))


def read_scenarios(*sources: str | os.PathLike[str]) -> dict[str, Scenario]:
    """Return scenarios by name: the shipped ones, or those asked for.

    Parameters
    ----------
    *sources : str or path
        Names of shipped scenarios or paths of TOML files; none for all shipped. A file's parents are looked for beside it, then among
        the shipped ones.

    Raises
    ------
    DataError
        If any file is faulty: every fault of every file, with file and key.
    LookupError
        If there is no such scenario; the nearest names are proposed.

    Examples
    --------
    >>> read_scenarios("us-market-ban")["us-market-ban"].restrictions
    ('baseline', 'us-market-ban')
    """
    files: dict[str, Path] = {}
    faults: list[str] = []
    raw: dict[str, dict[str, Any]] = {}
    wanted = [_find(source, None) for source in sources or scenario_names()]
    queue = list(wanted)
    while queue:
        path = queue.pop(0)
        if path.stem in files:
            if path != files[path.stem]:
                faults.append(
                    fault(path.name, f"a second scenario {path.stem!r}", "one file of that name", f"rename {path} or {files[path.stem]}")
                )
            continue
        files[path.stem] = path
        raw[path.stem], wrong = _read(path)
        faults += wrong
        for parent in raw[path.stem]["inherits"]:
            try:
                queue.append(_find(parent, path.parent))
            except LookupError as error:
                faults.append(f"{path.name}, inherits: {error}")
    faults += _circles(raw)
    if faults:
        raise DataError(faults)
    resolved: dict[str, Scenario] = {}
    return {path.stem: _resolve(path.stem, raw, resolved) for path in wanted}


def read_scenario(source: str | os.PathLike[str]) -> Scenario:
    """Return one scenario.

    Parameters
    ----------
    source : str or path
        Name of a shipped scenario or path of a TOML file.

    Raises
    ------
    DataError
        If the file is faulty: every fault with its key.
    LookupError
        If there is no such scenario; the nearest names are proposed.

    Examples
    --------
    >>> read_scenario("us-investment-ban").name
    'us-investment-ban'
    """
    return next(iter(read_scenarios(source).values()))


def diff(first: Scenario, second: Scenario) -> pd.DataFrame:
    """Return what differs between two scenarios: changes that only one has, and those whose terms differ.

    Returns
    -------
    pandas.DataFrame
        Columns restriction, lever, applies_to, term, and one column per scenario; empty where the two are the same.

    Examples
    --------
    >>> diff(read_scenario("baseline"), read_scenario("us-market-ban"))[["lever", "term", "us-market-ban"]].to_dict("records")
    [{'lever': 'us_revenue', 'term': 'effect', 'us-market-ban': 'close'}]
    """
    left, right = (_keyed(scenario) for scenario in (first, second))
    rows = []
    for key in dict.fromkeys([*left, *right]):
        for term in ("effect", "value", "low", "high", "start", "end", "delay", "kind"):
            values = [str(getattr(side[key], term)) if key in side else "–" for side in (left, right)]
            only_one = key not in left or key not in right
            if values[0] != values[1] and not (only_one and (term != "effect")):
                rows.append((*key[:2], " ".join(key[2]), term, *values))
    names = (first.name, second.name if second.name != first.name else f"{second.name} (second)")
    return pd.DataFrame(rows, columns=["restriction", "lever", "applies_to", "term", *names])


def _keyed(scenario: Scenario) -> dict[tuple[str, str, tuple[str, ...], str], Change]:
    return {(c.restriction, c.lever, c.applies_to, c.start): c for c in scenario.changes}


def _find(source: str | os.PathLike[str], folder: Path | None) -> Path:
    path = Path(source)
    if path.suffix == ".toml":
        if not path.is_file():
            raise FileNotFoundError(f"no scenario file {path}")
        return path
    for place in (folder, data_root() / "scenarios"):
        if place is not None and (place / f"{source}.toml").is_file():
            return place / f"{source}.toml"
    raise unknown("scenario", str(source), scenario_names())


def _circles(raw: dict[str, dict[str, Any]]) -> list[str]:
    """Name each circle of inheritance once."""
    found: dict[frozenset[str], str] = {}

    def walk(name: str, path: tuple[str, ...]) -> None:
        if name in path:
            circle = path[path.index(name) :]
            found.setdefault(
                frozenset(circle),
                fault(f"{name}.toml, inherits", f"a circle {' -> '.join((*circle, name))}", "parents that end", "drop one"),
            )
        elif name in raw:
            for parent in raw[name]["inherits"]:
                walk(parent, (*path, name))

    for name in raw:
        walk(name, ())
    return list(found.values())


def _resolve(name: str, raw: dict[str, dict[str, Any]], done: dict[str, Scenario]) -> Scenario:
    if name not in done:
        parents = [_resolve(parent, raw, done) for parent in raw[name]["inherits"]]
        own = [replace(change, restriction=name) for change in raw[name]["change"]]
        replaced = {(c.lever, c.effect, c.applies_to) for c in own}
        inherited = [c for parent in parents for c in parent.changes if (c.lever, c.effect, c.applies_to) not in replaced]
        changes = tuple(dict.fromkeys([*inherited, *own]))
        done[name] = Scenario(name, raw[name]["title"], raw[name]["question"], tuple(raw[name]["inherits"]), changes)
    return done[name]


def _read(path: Path) -> tuple[dict[str, Any], list[str]]:
    """Return a file's content with its changes made, and every fault found in it."""
    empty: dict[str, Any] = {"title": "", "question": "", "inherits": [], "change": []}
    try:
        with path.open("rb") as handle:
            raw = tomllib.load(handle)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        return empty, [fault(path.name, str(error), "a TOML file")]
    faults = [unknown_key(path.name, key, _TOP) for key in raw if key not in _TOP]
    faults += [fault(f"{path.name}, {key}", repr(raw.get(key)), "a sentence") for key in ("title", "question") if not is_text(raw.get(key))]
    parents = raw.get("inherits", [])
    parents = [parents] if isinstance(parents, str) else parents
    if not isinstance(parents, list) or not all(isinstance(p, str) for p in parents):
        faults.append(fault(f"{path.name}, inherits", repr(parents), "the name of a scenario or a list of names"))
        parents = []
    changes = raw.get("change", [])
    if not isinstance(changes, list) or not all(isinstance(c, dict) for c in changes):
        faults.append(fault(f"{path.name}, change", type(changes).__name__, "tables headed [[change]]"))
        changes = []
    made = []
    for number, entry in enumerate(changes, start=1):
        wrong = change_faults(entry, f"{path.name}, change {number}")
        faults += wrong
        if not wrong:
            made.append(_change(entry))
    return empty | {"title": raw.get("title", ""), "question": raw.get("question", ""), "inherits": parents, "change": made}, faults


def _change(entry: dict[str, Any]) -> Change:
    value = float(entry.get("value", math.nan))
    low, high = entry.get("interval", (value, value))
    given = {key: str(entry[key]) for key in ("start", "end") if key in entry}
    texts = {key: str(entry[key]) for key in REQUIRED}
    return Change(
        **texts, **given, value=value, low=float(low), high=float(high),
        delay=int(entry.get("delay", 0)), applies_to=tuple(entry.get("applies_to", ())),
    )  # fmt: skip
