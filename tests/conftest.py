"""What the tests share: the statements, the folder of real documents, and a network that is shut."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest
from hypothesis import settings

import finmodel as fm

settings.register_profile("finmodel", deadline=None, derandomize=True)
settings.load_profile("finmodel")

SHARED = Path(__file__).resolve().parents[2] / "shared"


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every test runs with sockets blocked: finmodel never needs a network."""
    real = socket.socket.connect

    def refuse(self: socket.socket, address: object) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6) and not str(address).startswith(("('127.", "('::1'")):
            raise AssertionError(f"a test tried to reach {address}")
        real(self, address)  # type: ignore[arg-type]

    monkeypatch.setattr(socket.socket, "connect", refuse)


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real documents beside the checkout; tests that need it are skipped where it is absent."""
    if not SHARED.is_dir():
        pytest.skip(f"no folder of real documents at {SHARED.name}/ beside the checkout")
    return SHARED


@pytest.fixture(scope="session")
def statements() -> fm.Statements:
    """The shipped statements."""
    return fm.load_statements()
