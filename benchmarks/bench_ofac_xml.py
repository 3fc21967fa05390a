"""OFAC advanced XML: time against the standard library's iterparse and peak memory, on a synthetic file of 146 MB, in one run.

Run from the checkout: ``python benchmarks/bench_ofac_xml.py [megabytes]``.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

HEAD = """<?xml version="1.0" encoding="utf-8"?>
<Sanctions xmlns="http://www.un.org/sanctions/1.0" Version="3">
  <DateOfIssue CalendarTypeID="1"><Year>2026</Year><Month>1</Month><Day>2</Day></DateOfIssue>
  <ReferenceValueSets>
    <FeatureTypeValues>
      <FeatureType ID="8" FeatureTypeGroupID="1">Birthdate</FeatureType>
      <FeatureType ID="25" FeatureTypeGroupID="1">Location</FeatureType>
      <FeatureType ID="901" FeatureTypeGroupID="1">Listing Date (CMIC)</FeatureType>
      <FeatureType ID="902" FeatureTypeGroupID="1">Effective Date (CMIC)</FeatureType>
      <FeatureType ID="903" FeatureTypeGroupID="1">Purchase/Sales For Divestment Date (CMIC)</FeatureType>
    </FeatureTypeValues>
  </ReferenceValueSets>
  <DistinctParties>
"""
ALIAS = """          <Alias FixedRef="{n}" AliasTypeID="{kind}" Primary="{primary}" LowQuality="false">
            <DocumentedName ID="{n}{k}" FixedRef="{n}" DocNameStatusID="1">
              <DocumentedNamePart>
                <NamePartValue NamePartGroupID="{n}{k}" ScriptID="215" ScriptStatusID="1" Acronym="false">{name}</NamePartValue>
              </DocumentedNamePart>
            </DocumentedName>
          </Alias>
"""
FEATURE = """        <Feature ID="{n}{k}" FeatureTypeID="{kind}">
          <FeatureVersion ID="{n}{k}" ReliabilityID="1">
            <Comment />
            <DatePeriod CalendarTypeID="1" YearFixed="false" MonthFixed="false" DayFixed="false">
              <Start Approximate="false" YearFixed="false" MonthFixed="false" DayFixed="false">
                <From><Year>{year}</Year><Month>{month}</Month><Day>{day}</Day></From>
                <To><Year>{year}</Year><Month>{month}</Month><Day>{day}</Day></To>
              </Start>
              <End Approximate="false" YearFixed="false" MonthFixed="false" DayFixed="false">
                <From><Year>{year}</Year><Month>{month}</Month><Day>{day}</Day></From>
                <To><Year>{year}</Year><Month>{month}</Month><Day>{day}</Day></To>
              </End>
            </DatePeriod>
            <VersionLocation LocationID="{n}" />
          </FeatureVersion>
          <IdentityReference IdentityID="{n}" IdentityFeatureLinkTypeID="1" />
        </Feature>
"""
ENTRY = """    <SanctionsEntry ID="7{n}" ProfileID="{n}" ListID="91512">
      <EntryEvent ID="7{n}" EntryEventTypeID="1" LegalBasisID="91262">
        <Comment />
        <Date CalendarTypeID="1"><Year>2021</Year><Month>12</Month><Day>16</Day></Date>
      </EntryEvent>
      <SanctionsMeasure ID="8{n}" SanctionsTypeID="1706">
        <DatePeriod CalendarTypeID="1" YearFixed="true" MonthFixed="true" DayFixed="true" />
      </SanctionsMeasure>
      <SanctionsMeasure ID="9{n}" SanctionsTypeID="1">
        <Comment>{program}</Comment>
        <DatePeriod CalendarTypeID="1" YearFixed="true" MonthFixed="true" DayFixed="true" />
      </SanctionsMeasure>
    </SanctionsEntry>
"""
DAYS = ((901, 2021, 12, 16), (902, 2022, 2, 14), (903, 2022, 12, 16))
COMMAND = """
import json, resource, subprocess, sys, time
start = time.perf_counter()
command = [sys.executable, "-m", "finmodel", "restrictions", "load", sys.argv[1], "--format", "json"]
names = len(json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout))
took, peak = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
print(json.dumps({"names": names, "seconds": took, "peak": peak}))
"""
STANDARD = """
import sys, time, xml.etree.ElementTree as ET
start = time.perf_counter()
count = 0
for _, element in ET.iterparse(sys.argv[1]):
    if element.tag.endswith("}DistinctParty") or element.tag.endswith("}SanctionsEntry"):
        count += 1
        element.clear()
print(time.perf_counter() - start)
"""
STREAM = """
import json, resource, sys, time
from pathlib import Path
peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
from finmodel.restrictions.readers import read_entries
start, faults = time.perf_counter(), []
names = sum(1 for _ in read_entries(Path(sys.argv[1]), faults, "CMIC-EO13959".__eq__))
took, streaming = time.perf_counter() - start, peak()
assert not faults and "pandas" not in sys.modules
print(json.dumps({"names": names, "seconds": took, "streaming": streaming}))
"""


def party(n: int, listed: bool = True) -> str:
    """Return one synthetic party with three names and six dated features; only listed ones carry the dates of the list."""
    names = "".join(
        ALIAS.format(n=n, k=k, kind=1403 if k == 0 else 1400, primary=str(k == 0).lower(), name=f"SYNTHETIC FIRM {n} VARIANT {k} CO., LTD.")
        for k in range(3)
    )
    dated = [*(DAYS if listed else ((8, *day) for _, *day in DAYS)), *((25, 2000 + k, 1, 1) for k in range(3))]
    features = "".join(FEATURE.format(n=n, k=k, kind=kind, year=y, month=m, day=d) for k, (kind, y, m, d) in enumerate(dated))
    return (
        f'    <DistinctParty FixedRef="{n}">\n      <Comment />\n      <Profile ID="{n}" PartySubTypeID="3">\n'
        f'        <Identity ID="{n}" FixedRef="{n}" Primary="true" False="false">\n{names}        </Identity>\n{features}'
        "      </Profile>\n    </DistinctParty>\n"
    )


def synthetic(path: Path, megabytes: float, listed: int = 68) -> int:
    """Write a synthetic file of about that size whose first `listed` parties are on the list; return the number of parties."""
    size = len(party(100000)) + len(ENTRY.format(n=100000, program="SDGT"))
    count = max(listed, int(megabytes * 1e6 / size))
    with path.open("w", encoding="utf-8") as file:
        file.write(HEAD)
        for n in range(100000, 100000 + count):
            file.write(party(n, n < 100000 + listed))
        file.write("  </DistinctParties>\n  <SanctionsEntries>\n")
        for n in range(100000, 100000 + count):
            file.write(ENTRY.format(n=n, program="CMIC-EO13959" if n < 100000 + listed else "SDGT"))
        file.write("  </SanctionsEntries>\n</Sanctions>\n")
    return count


def main() -> None:
    """Print both times, their ratio and the peak memory."""
    megabytes = float(sys.argv[1]) if len(sys.argv) > 1 else 146
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "cons_advanced.xml"
        count = synthetic(path, megabytes)
        print(f"synthetic file: {path.stat().st_size / 1e6:.0f} MB, {count:,} parties")
        runs = []
        for _ in range(3):
            seconds = float(run(STANDARD, path))
            stream, command = json.loads(run(STREAM, path)), json.loads(run(COMMAND, path))
            runs.append((command["seconds"] / seconds, stream["seconds"] / seconds, seconds, stream, command))
        ratio, streamed, seconds, stream, command = sorted(runs, key=lambda r: r[0])[1]
    print(f"standard library iterparse: {seconds:.2f} s (median of three runs)")
    print(
        f"entries streamed: {stream['seconds']:.2f} s, {streamed:.2f} of it; {stream['names']} names; {stream['streaming']:.0f} MB resident"
    )
    print(f"the whole command restrictions load: {command['seconds']:.2f} s, {ratio:.2f} of it; {command['names']} designations")
    print(f"  {command['peak']:.0f} MB resident at the peak")


def run(code: str, path: Path) -> str:
    """Return what a fresh process prints."""
    return subprocess.run([sys.executable, "-c", code, path], capture_output=True, text=True, check=True).stdout


if __name__ == "__main__":
    main()
