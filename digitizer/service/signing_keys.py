"""The key that seals packages, and the keys we trust. Each change is an event."""

from __future__ import annotations

from pathlib import Path

from digitizer.ledger import events
from digitizer.service.context import ServiceContext
from digitizer.signed_folders import KeyRing, OwnKey, TrustedKey


class SigningKeys:
    """The key ring of this machine."""

    def __init__(self, context: ServiceContext) -> None:
        self.context = context
        self.ring = KeyRing(context.settings.home)

    def init(self, *, by: str) -> OwnKey:
        """Makes this machine's signing key. Raises UsageError when there is one."""
        made = self.ring.init()
        with self.context.ledger.begin() as tx:
            events.note(tx, "key_made", made.fingerprint, actor=by)
        return made

    def trust(self, file: Path, name: str, *, by: str) -> TrustedKey:
        """Trusts the public key in `file` under `name`. Raises UsageError, FileAccess."""
        key = self.ring.trust(file, name)
        with self.context.ledger.begin() as tx:
            events.note(tx, "key_trusted", key.fingerprint, actor=by, name=name)
        return key
