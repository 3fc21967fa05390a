"""Limits that keep a stranger's file from taking the machine: size, members, compression, cells.

Every loader reads through here, so that a hostile file ends in one :class:`~finmodel.errors.DataError` in bounded time and memory.
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING
from xml.parsers import expat

from finmodel.errors import DataError, fault

if TYPE_CHECKING:
    from lxml import etree


@dataclass(frozen=True)
class Limits:
    """How much of a file is read at most.

    Attributes
    ----------
    text_bytes, json_bytes, xml_bytes, zip_bytes, csv_bytes, pdf_bytes : int
        Size of a file on disk, by kind.
    members, member_bytes, total_bytes, ratio : int
        Of an archive: number of members, unpacked size of one and of all, unpacked to packed size.
    cells, columns, field : int
        Of a spreadsheet's used rectangle, or of a CSV table; characters in one cell of it.
    pages : int
        Of a document.
    """

    text_bytes: int = 50_000_000
    json_bytes: int = 150_000_000
    xml_bytes: int = 200_000_000
    zip_bytes: int = 500_000_000
    csv_bytes: int = 50_000_000
    pdf_bytes: int = 300_000_000
    members: int = 5_000
    member_bytes: int = 1_000_000_000
    total_bytes: int = 2_000_000_000
    ratio: int = 200
    cells: int = 1_000_000
    columns: int = 2_000
    field: int = 10_000_000
    pages: int = 5_000


LIMITS = Limits()


def megabytes(size: int) -> str:
    """Return a size in words, such as ``"120 MB"``."""
    return f"{size / 1e6:,.0f} MB" if size >= 1e6 else f"{size:,} bytes"


def check_size(path: Path, most: int, what: str) -> None:
    """Raise unless the file at `path` has something in it and at most `most` bytes.

    Raises
    ------
    DataError
        If it is empty or larger.
    """
    size = path.stat().st_size
    if not size:
        raise DataError([fault(path.name, "an empty file", what)])
    if size > most:
        raise DataError(
            [fault(path.name, megabytes(size), f"{what} of at most {megabytes(most)}", "split it or take out what is not needed")]
        )


@contextmanager
def opened_zip(path: Path, limits: Limits = LIMITS) -> Iterator[zipfile.ZipFile]:
    """Open an archive whose members are few, not encrypted and unpack to a bounded size; nothing is ever extracted to disk.

    Raises
    ------
    DataError
        If it is no archive, is damaged, encrypted or too large.
    """
    check_size(path, limits.zip_bytes, "a zip archive")
    try:
        with zipfile.ZipFile(path) as archive:
            _check_members(archive, path.name, limits)
            yield archive
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError, UnicodeDecodeError) as error:
        raise DataError([fault(path.name, f"a damaged zip archive ({error})", "a whole one", "fetch the file again")]) from None


def _check_members(archive: zipfile.ZipFile, name: str, limits: Limits) -> None:
    members = archive.infolist()
    if len(members) > limits.members:
        raise DataError([fault(name, f"{len(members):,} members", f"an archive of at most {limits.members:,}")])
    faults = []
    for member in members:
        if member.flag_bits & 1:
            faults.append(fault(f"{name}, {member.filename}", "an encrypted member", "an archive without a password"))
        elif member.file_size > limits.member_bytes:
            faults.append(fault(f"{name}, {member.filename}", megabytes(member.file_size), f"at most {megabytes(limits.member_bytes)}"))
        elif member.file_size > 1_000_000 and member.file_size > limits.ratio * max(member.compress_size, 1):
            ratio = member.file_size // max(member.compress_size, 1)
            what = f"data that unpack to {ratio:,} times their size"
            faults.append(fault(f"{name}, {member.filename}", what, f"at most {limits.ratio} times", "it looks like a zip bomb"))
    total = sum(member.file_size for member in members)
    if total > limits.total_bytes:
        faults.append(fault(name, f"{megabytes(total)} unpacked", f"at most {megabytes(limits.total_bytes)}"))
    if faults:
        raise DataError(faults[:20])


def check_prolog(head: bytes, where: str) -> None:
    """Raise if what comes before the first XML element declares entities or a document type of its own.

    Parameters
    ----------
    head : bytes
        The beginning of the file, as much as holds the first element.
    where : str
        What to call the file in messages.

    Raises
    ------
    DataError
        If there is an internal document type, as billion-laughs and external-entity attacks need, or no element in `head`.
    """

    def doctype(_name: str, _system: str | None, _public: str | None, internal: bool) -> None:
        if internal:
            raise DataError(
                [fault(where, "a document type with declarations of its own", "XML without them", "entities are never expanded")]
            )

    def element(_name: str, _attributes: dict[str, str]) -> None:
        raise StopIteration

    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = doctype
    parser.StartElementHandler = element
    try:
        parser.Parse(head, False)
    except StopIteration:
        return
    except (expat.ExpatError, ValueError, LookupError) as error:
        if isinstance(error, DataError):
            raise
        raise DataError([fault(where, f"no XML ({error})", "a well-formed XML file")]) from None
    raise DataError([fault(where, f"no XML element in the first {len(head):,} bytes", "a whole XML file without long comments before it")])


def xml_events(stream: IO[bytes], where: str, tag: tuple[str, ...], nested: bool = False) -> Iterator[etree._Element]:
    """Yield each element of the named tags as it ends and forget what is behind it; entities are never expanded.

    Where they may be `nested` in each other, an inner element is kept until the outer one has been given.

    Raises
    ------
    DataError
        If the XML is not well formed, nested too deep for the parser, or declares entities.
    """
    from lxml import etree

    head = stream.read(1 << 16)
    check_prolog(head, where)
    inside = 0
    try:
        events = etree.iterparse(
            _Joined(head, stream),
            events=("start", "end") if nested else ("end",),
            tag=tag,
            resolve_entities=False,
            no_network=True,
            load_dtd=False,
            huge_tree=False,
            remove_comments=True,
            remove_pis=True,
        )
        for event, element in events:
            if event == "start":
                inside += 1
                continue
            yield element
            inside -= nested
            if not inside:
                element.clear()
                _forget_before(element)
    except etree.XMLSyntaxError as error:
        raise DataError([fault(where, f"XML that is not well formed ({error})", "a whole XML file", "fetch the file again")]) from None


def _forget_before(element: etree._Element) -> None:
    """Drop what came before this element in its parent and in the parent's parents: its work is done."""
    node: etree._Element | None = element
    while node is not None:
        parent = node.getparent()
        while parent is not None and node.getprevious() is not None:
            del parent[0]
        node = parent


class _Joined:
    """The beginning of a stream that was read already, and then the rest of it."""

    def __init__(self, head: bytes, rest: IO[bytes]) -> None:
        self.head, self.rest = head, rest

    def read(self, size: int = -1) -> bytes:
        if self.head:
            taken, self.head = (self.head, b"") if size < 0 else (self.head[:size], self.head[size:])
            return taken
        return self.rest.read(size)
