"""How the folders of ratios, loaders and figures fill themselves: by explicit import and a decorator."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Generic, TypeVar

from finmodel.errors import unknown

T = TypeVar("T")


class Registry(Mapping[str, T], Generic[T]):
    """Things of one kind by name, in the order in which they were added; an unknown name gets the nearest known ones.

    Examples
    --------
    >>> ratios = Registry("ratio")
    >>> ratios.add("gross_margin", 1)
    1
    >>> ratios["gros_margin"]
    Traceback (most recent call last):
    LookupError: unknown ratio 'gros_margin': did you mean 'gross_margin'? Known: gross_margin
    """

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self._items: dict[str, T] = {}

    def add(self, name: str, item: T) -> T:
        """Add one thing; the same name twice is a mistake in the code."""
        if name in self._items:
            raise ValueError(f"{self.kind} {name!r} is defined twice")
        self._items[name] = item
        return item

    def register(self, name: str) -> Callable[[T], T]:
        """Return a decorator that adds what it decorates under `name`."""
        return lambda item: self.add(name, item)

    def __getitem__(self, name: str) -> T:
        try:
            return self._items[name]
        except KeyError:
            raise unknown(self.kind, name, self._items) from None

    def __contains__(self, name: object) -> bool:
        return name in self._items

    def __iter__(self) -> Iterator[str]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)
