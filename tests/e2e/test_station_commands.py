"""`users` and `review`: accounts from the command line, and the station on one PC."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from digitizer.ledger.accounts import Role
from digitizer.service import Service
from digitizer.settings import Settings
from tests.conftest import ROOT, Answer


def test_accounts_are_made_changed_and_closed(digitizer: Callable[..., Answer]) -> None:
    made = digitizer("users", "add", "hoa", "--full-name", "Trần Thị Hoa", "--agency", "H60.127.03", "--role", "keyer")
    assert made.code == 0
    assert len(made.out.strip()) == 19
    assert made.out.strip() not in made.err
    assert digitizer("users", "add", "hoa", "--role", "keyer").code == 1
    assert digitizer("users", "add", "Hòa", "--role", "keyer").code == 1
    assert digitizer("users", "add", "lan", "--role", "keyer", "--agency", "xã A").code == 1
    assert digitizer("users", "roles", "hoa", "--give", "approver", "--take", "keyer", "--agency", "H60.127.03").code == 0
    (row,) = digitizer("users", "list", "--json").json
    assert row["roles"] == [{"role": "approver", "agency": "H60.127.03"}]
    assert "password" not in row
    new = digitizer("users", "password", "hoa")
    assert new.out != made.out
    assert digitizer("users", "disable", "hoa").code == 0
    assert "đã khóa" in digitizer("users", "list").out
    assert digitizer("users", "enable", "hoa").code == 0
    for command in ("password", "disable", "enable", "roles"):
        assert digitizer("users", command, "nobody").code == 1


@pytest.mark.slow
def test_the_station_of_one_pc_opens_by_a_link_that_works_once(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "digitizer", "--home", str(tmp_path), "review", "--no-browser", "--jobs", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd=ROOT) as process:
        try:
            assert process.stdout is not None
            link = process.stdout.readline().strip()
            assert link.startswith("http://127.0.0.1:")
            with httpx.Client(follow_redirects=True, headers={"accept": "text/html"}) as browser:
                entered = browser.get(link)
                assert (entered.status_code, entered.url.path) == (200, "/station/")
                assert "/station/users" in entered.text
            assert httpx.get(link, headers={"accept": "application/json"}).status_code == 401
        finally:
            process.send_signal(signal.SIGINT if os.name == "posix" else signal.SIGTERM)
            process.wait(30)
    with Service.open(Settings(home=tmp_path)) as service:
        (account,) = service.accounts.find()
    assert account.password is None
    assert {grant.role for grant in account.grants} == set(Role)
