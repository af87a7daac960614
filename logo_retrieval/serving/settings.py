"""How the service is run: where it listens, how much it takes, and who may do what."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Literal

from logo_retrieval.images.pool.limits import LONGEST_S
from logo_retrieval.images.sniff import MAX_BYTES

Scope = Literal["read", "enrol", "admin"]

SCOPES: tuple[Scope, ...] = ("read", "enrol", "admin")
"""Each includes those before it: read asks, enrol also adds, admin also removes."""

_FEWEST_CHARACTERS = 16
_TOKEN = re.compile(r"[A-Za-z0-9._~+/=-]+")


@dataclass(frozen=True, slots=True)
class Token:
    """A secret and what it is good for.

    Attributes:
        name: who holds it, for the log.
        digest: SHA-256 of the secret.
        scope: the largest that it has.
    """

    name: str
    digest: bytes
    scope: Scope

    def allows(self, scope: Scope) -> bool:
        """Whether it is good for that."""
        return SCOPES.index(scope) <= SCOPES.index(self.scope)


@dataclass(frozen=True, slots=True)
class Limits:
    """How much the service takes, so that nobody can exhaust it.

    Attributes:
        file_bytes: of one picture.
        body_bytes: of one request.
        files: of one request.
        waiting: pictures of all requests that wait for their answer; beyond them requests are refused.
        held_bytes: of all requests at once.
        request_s: for one request, from its first byte to its answer, in seconds.
        requests: under way at once.
        decode_s: for decoding one picture, in seconds of wall time, and of CPU time.
    """

    file_bytes: int = MAX_BYTES
    body_bytes: int = 256 << 20
    files: int = 1000
    waiting: int = 2000
    held_bytes: int = 512 << 20
    request_s: float = 120.0
    requests: int = 256
    decode_s: float = 10.0

    def __post_init__(self) -> None:
        for name in self.__slots__:
            if not getattr(self, name) > 0:
                raise ValueError(f"{name} must be above 0, got {getattr(self, name)}")
        for name in ("request_s", "decode_s"):
            if getattr(self, name) > LONGEST_S:
                raise ValueError(f"{name} must be {LONGEST_S:,} at most, a day, got {getattr(self, name):,}")
        if self.file_bytes > MAX_BYTES:
            raise ValueError(f"a picture may have {MAX_BYTES:,} bytes at most, got a limit of {self.file_bytes:,}")
        if self.files > self.waiting:
            raise ValueError(f"a request of {self.files} files would never fit a queue of {self.waiting} pictures")
        if self.body_bytes > self.held_bytes:
            raise ValueError(
                f"a request of {self.body_bytes:,} bytes would never fit the {self.held_bytes:,} bytes for all requests"
            )


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that the service is told.

    Attributes:
        index: its folder.
        new_index: where a copy of the shipped index goes when that is asked to change; None where `index` may change.
        host: the address to listen at.
        port: likewise; 0 takes one that is free.
        limits: how much it takes.
        tokens: who may ask; with none everybody may, and nobody may change the index unless only this machine reaches
            the service.
    """

    index: Path
    new_index: Path | None = None
    host: str = "127.0.0.1"
    port: int = 8000
    limits: Limits = Limits()
    tokens: tuple[Token, ...] = ()

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine reaches the service."""
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"

    def holder(self, secret: str) -> Token | None:
        """The token of a secret; as quick for a wrong one as for a right one."""
        digest = hashlib.sha256(secret.encode()).digest()
        found = [token for token in self.tokens if hmac.compare_digest(token.digest, digest)]
        return found[0] if found else None


def token(name: str, secret: str, scope: str) -> Token:
    """A token, checked.

    Raises:
        ValueError: the scope is none, or the secret is too short or cannot stand in a header.
    """
    if scope not in SCOPES:
        raise ValueError(f"a token's scope must be one of {', '.join(SCOPES)}, got {scope!r}")
    if len(secret) < _FEWEST_CHARACTERS or not _TOKEN.fullmatch(secret):
        raise ValueError(
            f"a token must have at least {_FEWEST_CHARACTERS} letters, digits or ._~+/=- , got {len(secret)} "
            "characters: make one with `openssl rand -hex 32`"
        )
    return Token(name, hashlib.sha256(secret.encode()).digest(), next(each for each in SCOPES if each == scope))


def read_tokens(lines: Iterable[str]) -> tuple[Token, ...]:
    """The tokens of a file: a line each of name, scope and secret; empty lines and those that begin with # are not.

    Raises:
        ValueError: a line is something else, or a name or a secret is there twice. No secret is in the message.
    """
    tokens: list[Token] = []
    for number, line in enumerate(lines, start=1):
        parts = line.split()
        if not parts or parts[0].startswith("#"):
            continue
        if len(parts) != 3:
            raise ValueError(f"line {number} must be a name, a scope and a secret, got {len(parts)} words")
        name, scope, secret = parts
        try:
            fresh = token(name, secret, scope)
        except ValueError as error:
            raise ValueError(f"line {number}: {error}") from error
        if any(other.name == name or other.digest == fresh.digest for other in tokens):
            raise ValueError(f"line {number}: the name '{name}' or its secret is there already")
        tokens.append(fresh)
    if not tokens:
        raise ValueError("there is no token in it: write lines of a name, a scope and a secret")
    return tuple(tokens)
