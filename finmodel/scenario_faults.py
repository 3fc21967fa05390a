"""What is wrong with a change in a scenario file: every fault, with file, change and key, and the nearest names."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date
from typing import Any

from finmodel.data import data_root
from finmodel.errors import fault, nearest, unknown
from finmodel.levers import AS_OF, KINDS, channels, investor_classes, levers

REQUIRED = ("lever", "effect", "kind", "reason", "reference")
OPTIONAL = ("applies_to", "start", "end", "delay", "value", "interval")


def unknown_key(where: str, key: str, allowed: Sequence[str]) -> str:
    """Return the fault of a key that nothing reads, with the nearest that is read."""
    close = nearest(key, allowed, most=1)
    return fault(f"{where}, {key}", "an unknown key", f"one of {', '.join(allowed)}", f"did you mean {close[0]!r}?" if close else "")


def change_faults(entry: dict[str, Any], where: str) -> list[str]:
    """Return every fault of one change, as it stands in the file; `where` names file and change."""
    faults = [unknown_key(where, key, (*REQUIRED, *OPTIONAL)) for key in entry if key not in (*REQUIRED, *OPTIONAL)]
    faults += [fault(f"{where}, {key}", repr(entry.get(key)), "a text") for key in REQUIRED if not is_text(entry.get(key))]
    if is_text(entry.get("kind")) and entry["kind"] not in KINDS:
        faults.append(f"{where}, kind: {unknown('kind', entry['kind'], KINDS)}")
    lever = str(entry.get("lever", ""))
    name, _, channel = lever.partition(".")
    known = name in levers().index and (name == "channel") == bool(channel)
    if lever and not known:
        all_levers = [*levers().index.drop("channel"), *(f"channel.{c}" for c in channels().index)]
        faults.append(f"{where}, lever: {unknown('lever', lever, all_levers)}")
    if channel and known and channel not in channels().index:
        faults.append(f"{where}, lever: {unknown('channel', channel, channels().index)}")
    if known:
        faults += _effect_faults(entry, levers().loc[name].to_dict(), where)
        faults += _target_faults(entry, str(levers().loc[name, "applies_to"]), where)
    elif is_text(entry.get("effect")):  # of a lever that is not known: what no lever has
        effects = sorted({effect for allowed in levers()["effects"] for effect in str(allowed).split()})
        faults += [f"{where}, effect: {unknown('effect', entry['effect'], effects)}"] if entry["effect"] not in effects else []
        faults += _number_faults(entry, where)
    return faults + _date_faults(entry, where, timed=name not in ("law", "terms"))


def _effect_faults(entry: dict[str, Any], lever: dict[Any, Any], where: str) -> list[str]:
    allowed = str(lever["effects"]).split()
    effect, wrong = entry.get("effect"), _number_faults(entry, where)
    if effect not in allowed:
        return [*wrong, f"{where}, effect of {entry['lever']}: {unknown('effect', str(effect), allowed)}"] if effect else wrong
    if effect in ("close", "in_force", "apply"):
        given = [key for key in ("value", "interval") if key in entry]
        return [*wrong, *(fault(f"{where}, {key}", repr(entry[key]), f"none with effect {effect}") for key in given)]
    if "value" not in entry:
        return [*wrong, fault(f"{where}, value", "nothing", f"a number ({lever['unit'] or 'no unit'})")]
    if wrong:
        return wrong
    return _harm_faults(entry, lever, [float(n) for n in (entry["value"], *entry.get("interval", ()))], where)


def _number_faults(entry: dict[str, Any], where: str) -> list[str]:
    """Return the faults of a value and its interval that hold for every lever."""
    value, interval = entry.get("value"), entry.get("interval")
    good = value is None or _amount(value)
    faults = [] if good else [fault(f"{where}, value", repr(value), "a number not below zero")]
    if interval is None:
        return faults
    if not isinstance(interval, list) or len(interval) != 2 or not all(map(_amount, interval)):
        return [*faults, fault(f"{where}, interval", repr(interval), "two numbers not below zero")]
    if not interval[0] <= interval[1] or (good and value is not None and not interval[0] <= value <= interval[1]):
        faults.append(fault(f"{where}, interval", repr(interval), f"two ends with the value {value} between them"))
    return faults


def _amount(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value) and value >= 0


def _harm_faults(entry: dict[str, Any], lever: dict[Any, Any], numbers: list[float], where: str) -> list[str]:
    """Return the faults of a direct change that helps, or of a share above 1."""
    if str(lever["unit"]) == "share" and max(numbers) > 1:
        return [fault(f"{where}, value", repr(max(numbers)), "a share between 0 and 1")]
    if entry.get("kind") != "direct":
        return []
    helps = (lever["harm"] == "below" and max(numbers) > 1) or (
        lever["harm"] == "above" and entry["effect"] == "multiply" and min(numbers) < 1
    )
    if helps or entry["lever"] == "state_support":
        return [fault(f"{where}, value", repr(numbers), "a direct change that restricts", 'what helps the firm is kind = "response"')]
    return []


def _target_faults(entry: dict[str, Any], target: str, where: str) -> list[str]:
    given = entry.get("applies_to", [])
    if not isinstance(given, list) or not all(isinstance(g, str) for g in given):
        return [fault(f"{where}, applies_to", repr(given), "a list of names")]
    known = {"investor_classes": list(investor_classes().index), "regimes": regimes(), "": []}.get(target, [target])
    return [f"{where}, applies_to: {unknown(target or 'target', name, known)}" for name in given if name not in known]


def regimes() -> list[str]:
    """Return the names of the shipped restriction regimes."""
    return sorted(path.stem for path in (data_root() / "restrictions").glob("*.toml"))


def _date_faults(entry: dict[str, Any], where: str, timed: bool) -> list[str]:
    faults = []
    start, end, delay = entry.get("start"), entry.get("end"), entry.get("delay", 0)
    if start is None and timed:
        faults.append(fault(f"{where}, start", "nothing", 'a day (2021-12-16) or "as_of"'))
    if start is not None and start != AS_OF and type(start) is not date:
        faults.append(fault(f"{where}, start", repr(start), 'a day without quotes (2021-12-16) or "as_of"'))
    if end is not None and type(end) is not date:
        faults.append(fault(f"{where}, end", repr(end), "a day without quotes (2021-12-16)"))
    elif type(start) is date and end is not None and end < start:
        faults.append(fault(f"{where}, end", str(end), f"a day not before the start {start}"))
    if type(delay) is not int or not 0 <= delay <= 120:
        faults.append(fault(f"{where}, delay", repr(delay), "whole months from 0 to 120"))
    return faults


def is_text(value: Any) -> bool:
    """Whether a value is a text that says something."""
    return isinstance(value, str) and bool(value.strip())
