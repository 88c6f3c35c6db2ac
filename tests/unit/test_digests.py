"""SHA-256 of files and of JSON: the same on every machine and in every version, or stored names would change."""

from __future__ import annotations

from pathlib import Path

import pytest

from digitizer.digests import file_sha256, json_sha256


def test_a_file_has_the_hash_that_sha256sum_gives(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"abc")
    assert file_sha256(path) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    with pytest.raises(OSError, match="b"):
        file_sha256(tmp_path / "b")


def test_ids_in_the_ledger_stay_what_they_were() -> None:
    """Bundles, intakes and idempotency keys are stored under these."""
    assert json_sha256(["book", "H60", "KS/1999/01"]) == "96d58bf85eb55b5cbf30fff9a74c64479504b254f845322b058d1d359ca5f62e"
    assert json_sha256(["Đà Vị", None]) == "fb75983b9cb8afff0d05db171ff94a07820441d424a2b9aa8b6dfcef8155ca6a"
