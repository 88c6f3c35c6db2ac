"""Passwords of people: hashed by argon2id (RFC 9106), compared slowly on purpose. The only home of argon2."""

from __future__ import annotations

import secrets
import threading
import unicodedata
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from digitizer.text import fold

#: fewest letters of a password. Length protects more than signs and digits do (NIST SP 800-63B)
FEWEST_LETTERS = 10
#: most letters, so that nobody has us hash a book
MOST_LETTERS = 200
#: letters of a password we make: no two look alike on paper
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
#: hashes at the same time. Each takes 64 MiB
_AT_ONCE = threading.BoundedSemaphore(2)
_HASHER = PasswordHasher()


def hashed(password: str) -> str:
    """The argon2id hash of a password, with its salt and parameters."""
    with _AT_ONCE:
        return _HASHER.hash(_plain(password))


@cache
def _nobodys() -> str:
    """What is compared for an unknown name, so that it takes as long as a known one."""
    return hashed(secrets.token_hex(16))


def _plain(password: str) -> str:
    """NFC, since keyboards write the same Vietnamese letter in several ways."""
    return unicodedata.normalize("NFC", password[:MOST_LETTERS])


def fits(stored: str | None, password: str) -> bool:
    """Whether `password` is the one of a stored hash. Takes as long where there is none."""
    known = stored or _nobodys()
    try:
        with _AT_ONCE:
            return _HASHER.verify(known, _plain(password)) and stored is not None
    except (VerificationError, InvalidHashError):
        return False


def outdated(stored: str) -> bool:
    """Whether a hash was made with weaker parameters than today's."""
    return _HASHER.check_needs_rehash(stored)


def temporary() -> str:
    """A password for the first login, in groups that a person can read out: about 79 bits."""
    return "-".join("".join(secrets.choice(_LETTERS) for _ in range(4)) for _ in range(4))


def too_weak(password: str, name: str) -> bool:
    """Whether a password is too short, too long, holds the account's name, or hardly has different letters."""
    return (
        not FEWEST_LETTERS <= len(password) <= MOST_LETTERS
        or fold(name) in fold(password)
        or len(set(password)) < FEWEST_LETTERS // 2
    )
