"""Throw damaged copies of real files at the loaders: each must load or be refused with a DataError, in bounded time and memory.

usage: python benchmarks/fuzz_loaders.py [--mutants 2000] [--format pdf|html|... ...] [--inputs FOLDER] [--seed 1]

Every file is read in a process of its own kind (the libraries under the loaders are C), which is replaced when it dies or hangs; what
killed it is kept in --keep FOLDER. Prints one row per format; the exit status is 1 if anything but a DataError came out.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import os
import random
import re
import select
import subprocess
import sys
import tempfile
import time
import zipfile
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))  # the loaders that also cut the seeds are those that the worker tests
MEMORY = 4 << 30
"""Address space of a worker, in bytes."""
SECONDS = 60.0
"""Time after which a file counts as hung."""
SEEDS = {
    "pdf": ["documents/en_Intel*.pdf", "documents/*3Q2023.pdf", "documents/*3Q2024.pdf"],
    "html": ["documents/*FY2019.html"],
    "xhtml": ["xbrl/Avikro*.xhtml"],
    "xml": ["xbrl/*.xml"],
    "json": ["xbrl/*.json"],
    "zip": ["xbrl/EDINET*.zip"],
    "parquet": [],
    "xlsx": ["tables/hk_export/*balance*.xlsx", "tables/hk_export/*comparison.xlsx"],
    "csv": ["tables/taidibei/income*.csv", "tables/sec_facts/apple*.csv"],
    "txt": [],
}
"""Real files by format; what is too large to read thousands of times is cut by :func:`cut_seeds`."""
FILINGS = 20
"""Filings kept of an SEC data set."""
TOKENS: dict[str, list[bytes]] = {
    "pdf": [b"/Kids [2 0 R]", b"/Count 999999999", b"/Length 0", b"<<" * 50, b"endobj", b"stream\n", b"/Filter /FlateDecode"],
    "html": [b"<table>" * 40, b"</tr>", b"<td colspan=99999999>", b"&#x110000;", b"<!DOCTYPE a [<!ENTITY b 'c'>]>", b"</body>"],
    "xml": [b"<a>" * 300, b"&lol;", b"]]>", b"<!DOCTYPE a [<!ENTITY b 'c'>]>", b'contextRef="gone"', b"<startDate>2021-02-31</startDate>"],
    "json": [b"[" * 2000, b'{"facts":', b"null", b'"val": "12"', b"1e999", b'"end": 5', b"\\ud800"],
    "parquet": [b"PAR1", b"\x15\x00\x15", b"\xff" * 8, b"\x00" * 8, b"\x19\xfc", (2**31 - 1).to_bytes(4, "little")],
    "csv": [b'"', b",,,", b"\n\n", b"\xff\xfe", b"2020-13-45", b"(1,2", b"=1+1"],
}
TOKENS["xhtml"] = TOKENS["html"] + TOKENS["xml"]
COMMON = [b"\0", b"\xff\xfe\xfd", b"9" * 400, b"-1e308", b"NaN", b"0000-00-00", b"9999-12-31", "１２３".encode(), b"(" * 30, b""]


def mutated(data: bytes, form: str, dice: random.Random) -> bytes:
    """Return a copy of `data` with one to five things wrong with it."""
    for _ in range(dice.choice((1, 1, 1, 2, 3, 5))):
        if not data:
            return data
        data = dice.choice((_flip, _cut, _drop, _repeat, _swap, _insert, _number, _number))(data, form, dice)
    return data


def _flip(data: bytes, form: str, dice: random.Random) -> bytes:
    out = bytearray(data)
    for _ in range(dice.choice((1, 4, 32))):
        out[dice.randrange(len(out))] ^= 1 << dice.randrange(8)
    return bytes(out)


def _cut(data: bytes, form: str, dice: random.Random) -> bytes:
    return data[: dice.randrange(len(data))]


def _slice(data: bytes, dice: random.Random) -> tuple[int, int]:
    start = dice.randrange(len(data))
    return start, min(len(data), start + dice.choice((1, 16, 256, 4096, 65536)))


def _drop(data: bytes, form: str, dice: random.Random) -> bytes:
    start, end = _slice(data, dice)
    return data[:start] + data[end:]


def _repeat(data: bytes, form: str, dice: random.Random) -> bytes:
    start, end = _slice(data, dice)
    return data[:end] + data[start:end] * dice.choice((1, 2, 10)) + data[end:]


def _swap(data: bytes, form: str, dice: random.Random) -> bytes:
    (a, b), (c, d) = sorted((_slice(data, dice), _slice(data, dice)))
    return data if b > c else data[:a] + data[c:d] + data[b:c] + data[a:b] + data[d:]


def _insert(data: bytes, form: str, dice: random.Random) -> bytes:
    place = dice.randrange(len(data))
    return data[:place] + dice.choice(TOKENS.get(form, []) + COMMON) + data[place:]


def _number(data: bytes, form: str, dice: random.Random) -> bytes:
    """Replace one of the numbers near a random place."""
    place = dice.randrange(len(data))
    match = re.compile(rb"\d[\d,.\-]*").search(data, place)
    if match is None:
        return data
    return data[: match.start()] + dice.choice(TOKENS.get(form, []) + COMMON) + data[match.end() :]


def mutant(seed: Path, form: str, dice: random.Random) -> bytes:
    """Return a mutant of a file; of an archive half the time one with a damaged member in an intact archive."""
    data = seed.read_bytes()
    if form not in ("zip", "xlsx") or dice.random() < 0.5:
        return mutated(data, form, dice)
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        names = [name for name in old.namelist() if not name.endswith("/")]
        chosen = dice.choice(names)
        for name in names:
            content = old.read(name)
            new.writestr(name, mutated(content, "csv" if name.endswith(".txt") else "xml", dice) if name == chosen else content)
    return out.getvalue()


class Worker:
    """A process that loads files named on its standard input and says what came of each."""

    def __init__(self, seconds: float = SECONDS, memory: int = MEMORY) -> None:
        self.seconds, self.memory = seconds, memory
        self.process: subprocess.Popen[str] | None = None

    def load(self, path: Path) -> dict[str, object]:
        """Return outcome (loaded, refused, crashed, died, hung), text, seconds of processor and the worker's peak memory in MB."""
        if self.process is None:
            command = [sys.executable, str(Path(__file__).resolve()), "--work", str(self.memory)]
            environment = os.environ | {"PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "ignore"}
            self.process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment
            )
            self.process.stdout.readline()
        self.process.stdin.write(f"{path}\n")
        self.process.stdin.flush()
        ready, _, _ = select.select([self.process.stdout], [], [], self.seconds)
        line = self.process.stdout.readline() if ready else ""
        if line:
            return json.loads(line)
        outcome = "died" if ready else "hung"
        code = self.close()
        return {"outcome": outcome, "text": f"exit {code}", "seconds": self.seconds, "memory": 0}

    def close(self) -> int | None:
        """End the worker; return its exit code."""
        if self.process is None:
            return None
        self.process.kill()
        code = self.process.wait()
        self.process.stdout.close()
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.close()
        self.process = None
        return code


def work(memory: int) -> None:
    """Load the files named on standard input, one a line, and print what came of each."""
    import resource

    import finmodel as fm
    import finmodel.loaders

    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    answers.write("ready\n")
    for line in sys.stdin:
        started = time.process_time()
        try:
            facts = fm.load(line.rstrip("\n"))
            outcome, text = "loaded", str(len(facts))
        except fm.DataError as error:
            outcome, text = "refused", str(error)
        except BaseException as error:
            import traceback

            outcome, text = "crashed", f"{type(error).__name__}: {error}\n{traceback.format_exc()[-1500:]}"
        seconds = time.process_time() - started
        answers.write(json.dumps({"outcome": outcome, "text": text, "seconds": seconds, "memory": peak()}) + "\n")


def peak() -> float:
    """Peak memory of this process in MB (getrusage would count that of the process it was made from)."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(re.search(r"VmHWM:\s+(\d+)", status)[1]) / 1000


def fuzz(form: str, seeds: list[Path], count: int, seed: int, folder: Path, keep: Path | None = None) -> dict[str, object]:
    """Return how `count` mutants of the seeds fared: outcomes, slowest, peak memory, and the bad ones."""
    dice = random.Random(f"{form} {seed}")
    worker = Worker()
    outcomes: Counter[str] = Counter()
    slowest = peak = 0.0
    bad: list[str] = []
    for number in range(count):
        origin = dice.choice(seeds)
        path = folder / f"mutant{number:05d}{_ending(origin)}"
        path.write_bytes(mutant(origin, form, dice) or b" ")
        other = _beside(path, origin)
        answer = worker.load(path)
        outcomes[str(answer["outcome"])] += 1
        slowest, peak = max(slowest, float(str(answer["seconds"]))), max(peak, float(str(answer["memory"])))
        if answer["outcome"] in ("loaded", "refused"):
            path.unlink()
        else:
            bad.append(f"{origin.name}, mutant {number}: {answer['outcome']}: {answer['text']}")
            if keep is not None:
                keep.mkdir(exist_ok=True)
                path.replace(keep / f"{form}-{number:05d}{_ending(origin)}")
        if other is not None:
            other.unlink()
    worker.close()
    return {"format": form, "mutants": count, **outcomes, "slowest": slowest, "peak": peak, "bad": bad}


def _ending(origin: Path) -> str:
    return f"_{origin.stem.rpartition('_')[2]}.parquet" if origin.suffix == ".parquet" else origin.suffix


def _beside(path: Path, origin: Path) -> Path | None:
    """Put the sound other half of a parquet data set beside the mutant of one; return its path."""
    if origin.suffix != ".parquet":
        return None
    names = ("num", "sub") if origin.stem.endswith("num") else ("sub", "num")
    other = path.with_name(path.name.replace(*names))
    other.write_bytes(origin.with_name(origin.name.replace(*names)).read_bytes())
    return other


def cut_seeds(form: str, inputs: Path, folder: Path) -> list[Path]:
    """Return files cut from real ones that are too large: the statements in a prospectus as text, some filings of a data set."""
    if form == "txt":
        return _statement_text(inputs, folder)
    if form == "zip":
        return [_few_filings(path, folder) for path in sorted(inputs.glob("xbrl/sec_fsds/2009q3.zip"))]
    if form == "parquet":
        return [half for path in sorted(inputs.glob("xbrl/sec_fsds/2010q1_num.parquet")) for half in _few_parquet_filings(path, folder)]
    return []


def _statement_text(inputs: Path, folder: Path) -> list[Path]:
    """Return short PDF reports as plain text with their columns kept apart by spaces, one file each."""
    from finmodel.loaders.pdf import Pdf

    out = []
    for path in sorted({*inputs.glob("documents/*3Q20*.pdf"), *inputs.glob("documents/en_Intel*.pdf")}):
        document = Pdf(path)
        pages = ["\n".join(map(_spaced, document.page(number).lines)) for number in range(1, document.count + 1)]
        document.close()
        out.append(folder / f"{path.stem}.txt")
        out[-1].write_text("\f".join(pages), encoding="utf-8")
    return out


def _spaced(line: object) -> str:
    """Return a line of words with as many spaces between them as the page leaves room for."""
    text = ""
    for word in line.words:  # type: ignore[attr-defined]
        text += " " * max(int(word.x0 / 4) - len(text), 1 if text else 0) + word.text
    return text


def _few_filings(path: Path, folder: Path) -> Path:
    out = folder / path.name
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        head, *lines = old.read("sub.txt").splitlines(keepends=True)
        kept = {line.partition(b"\t")[0] for line in lines[:FILINGS]}
        new.writestr("sub.txt", head + b"".join(lines[:FILINGS]))
        head, *lines = old.read("num.txt").splitlines(keepends=True)
        new.writestr("num.txt", head + b"".join(line for line in lines if line.partition(b"\t")[0] in kept))
    return out


def _few_parquet_filings(path: Path, folder: Path) -> list[Path]:
    from pyarrow import compute, parquet

    num = parquet.read_table(path)
    sub = parquet.read_table(path.with_name(path.name.replace("num", "sub"))).slice(0, FILINGS)
    num = num.filter(compute.is_in(num["adsh"], sub["adsh"].combine_chunks()))
    halves = [folder / "seed_num.parquet", folder / "seed_sub.parquet"]
    for table, out in zip((num, sub), halves, strict=True):
        parquet.write_table(table, out)
    return halves


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--mutants", type=int, default=2000)
    parser.add_argument("--format", nargs="+", choices=SEEDS, default=list(SEEDS))
    parser.add_argument("--inputs", type=Path, default=ROOT.parent / "shared" / "inputs")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path)
    options = parser.parse_args()
    failed = False
    print(f"{'format':8}{'mutants':>8}{'loaded':>8}{'refused':>9}{'crashed':>9}{'died':>6}{'hung':>6}", end="")
    print(f"{'slowest s':>11}{'peak MB':>9}{'in s':>8}", flush=True)
    for form in options.format:
        with tempfile.TemporaryDirectory() as folder:
            seeds = sorted({path for pattern in SEEDS[form] for path in options.inputs.glob(pattern)})
            seeds += cut_seeds(form, options.inputs, Path(folder))
            started = time.perf_counter()
            row = fuzz(form, seeds, options.mutants, options.seed, Path(folder), options.keep)
        counts = "".join(
            f"{row.get(name, 0):>{width}}" for name, width in (("loaded", 8), ("refused", 9), ("crashed", 9), ("died", 6), ("hung", 6))
        )
        print(
            f"{form:8}{options.mutants:>8}{counts}{row['slowest']:>11.2f}{row['peak']:>9.0f}{time.perf_counter() - started:>8.0f}",
            flush=True,
        )
        for text in row["bad"][:20]:
            print(f"    {text}", flush=True)
        failed = failed or bool(row["bad"])
    return int(failed)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--work"]:
        work(int(sys.argv[2]))
    else:
        sys.exit(main())
