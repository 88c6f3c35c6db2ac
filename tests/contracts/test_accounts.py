"""What accounts, logins and lists by agency promise. One suite over every database."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from argon2 import PasswordHasher

from digitizer.errors import NotKnown, TooMany, UsageError
from digitizer.ledger import accounts, books, client_documents, outbox, records, submissions
from digitizer.ledger.accounts import Grant, Role
from digitizer.ledger.schema import page, source
from digitizer.model import Intake, IntakeState, Record, Verdict
from digitizer.service import Service
from digitizer.service.accounts import FREE_OF_NAME
from digitizer.settings import Settings

OURS, ABOVE, FOREIGN, LEAF_FIRST = "H60.127.03", "H60.127", "H60.128", "000.00.19.H60"


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.service)])
def service(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Service]:
    monkeypatch.setattr("digitizer.passwords._HASHER", PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))
    url = "sqlite:" if request.param == "sqlite" else request.getfixturevalue("servers").postgres.url()
    with Service.open(Settings(home=tmp_path, ledger=url)) as opened:
        yield opened


def add(service: Service, name: str, role: Role = Role.KEYER, agency: str = OURS, external: str | None = None) -> str:
    """Makes an account. Returns its first password."""
    grants = [Grant(role=role, agency=agency)]
    return service.accounts.add(name, full_name=name, grants=grants, by="test", external=external)[1]


def test_names_and_external_identifiers_belong_to_one_account(service: Service) -> None:
    add(service, "hoa", external="hoa@tinh")
    for name, external in (("hoa", None), ("mai", "hoa@tinh")):
        with pytest.raises(UsageError):
            add(service, name, external=external)
    assert [account.name for account in service.accounts.find()] == ["hoa"]


def test_the_same_name_at_the_same_time_becomes_one_account(service: Service) -> None:
    def attempt(_: int) -> bool:
        try:
            add(service, "hoa")
        except UsageError:
            return False
        return True

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(attempt, range(6))) == 1
    assert len(service.accounts.named("hoa").grants) == 1


def test_roles_are_given_and_taken(service: Service) -> None:
    add(service, "hoa")
    given = [Grant(role=Role.APPROVER, agency=ABOVE)]
    assert service.accounts.change_roles("hoa", give=given, by="test").may([Role.APPROVER], OURS)
    assert not service.accounts.named("hoa").may([Role.APPROVER], FOREIGN)
    assert not service.accounts.change_roles("hoa", take=given, by="test").may([Role.APPROVER], OURS)


def test_many_wrong_passwords_at_once_are_judged_as_many_as_are_free(service: Service) -> None:
    password = add(service, "hoa")

    def attempt(n: int) -> str:
        try:
            service.accounts.log_in("hoa", f"guess {n}", address=f"a{n}")
        except (NotKnown, TooMany) as exc:
            return type(exc).__name__
        return "in"

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(attempt, range(16)))
    assert found.count("NotKnown") == FREE_OF_NAME + 1
    assert found.count("TooMany") == 16 - FREE_OF_NAME - 1
    with pytest.raises(TooMany):
        service.accounts.log_in("hoa", password, address="b")


def test_a_link_that_two_browsers_use_at_once_lets_one_in(service: Service) -> None:
    account = service.accounts.of_this_machine("hoa")
    token = service.accounts.make_link(account.name, by="test")

    def attempt(_: int) -> bool:
        try:
            service.accounts.use_link(token)
        except NotKnown:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(attempt, range(4))) == 1


def test_a_session_is_found_by_its_token_until_it_ends(service: Service) -> None:
    login = service.accounts.log_in("hoa", add(service, "hoa"), address="a")
    found = service.accounts.session(login.token)
    assert found is not None
    assert (found.account.name, found.csrf, found.how) == ("hoa", login.session.csrf, "password")
    assert service.accounts.session(login.token + "x") is None
    service.accounts.log_out(found)
    assert service.accounts.session(login.token) is None


def test_a_hash_of_weaker_parameters_is_replaced_at_the_next_login(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    password = add(service, "hoa")
    before = service.accounts.named("hoa").password
    monkeypatch.setattr("digitizer.passwords._HASHER", PasswordHasher(time_cost=2, memory_cost=64, parallelism=1))
    service.accounts.log_in("hoa", password, address="a")
    assert service.accounts.named("hoa").password != before
    service.accounts.log_in("hoa", password, address="a")


def a_book(service: Service, number: int, agency: str | None) -> str:
    bundle = str(number) * 64
    with service.context.ledger.begin() as tx:
        submissions.add_source(tx, bundle, "k", 1)
        tx.execute(sa.update(source).where(source.c.id == bundle).values(pages=3))
        submissions.add_bundle(tx, bundle, [bundle])
        intake = Intake(id=f"i{number}", bundle=bundle, name="a.pdf", book="KS/1999/01", agency=agency, actor="t",
                        received_at=datetime.now(UTC))  # fmt: skip
        submissions.add_intake(tx, intake)
        submissions.move_intakes(tx, bundle, [IntakeState.RECEIVED], IntakeState.DIGITIZED, actor="t")
        for scan, state in enumerate(("READ", "FAILED", "FAILED")):
            tx.execute(sa.insert(page).values(source=bundle, scan=scan, engine="one", state=state))
        tx.execute(sa.insert(page).values(source=bundle, scan=2, engine="two", state="READ"))
        records.propose(
            tx, bundle, "birth_register", Record(id=f"{bundle}/0/0", fields=(), verdict=Verdict.REVIEW, reasons=()), actor="t"
        )
    return intake.id


@pytest.mark.parametrize(
    ("scopes", "seen"),
    [
        (["*"], {OURS, FOREIGN, LEAF_FIRST, None}),
        (["H60"], {OURS, FOREIGN, LEAF_FIRST}),
        ([ABOVE], {OURS}),
        ([OURS, FOREIGN], {OURS, FOREIGN}),
        (["H6"], set()),
        ([], set()),
    ],
)
def test_lists_hold_what_the_scopes_cover_and_nothing_else(service: Service, scopes: list[str], seen: set[str | None]) -> None:
    agencies = {a_book(service, n, agency): agency for n, agency in enumerate((OURS, FOREIGN, LEAF_FIRST, None), 1)}
    with service.context.ledger.read() as tx:
        assert {one.agency for one in books.progress(tx, scopes)} == seen
        failed = client_documents.failed_scans(tx, scopes, limit=10)
        assert {agencies[intake] for intake in failed} == seen
        assert all(scans == [1] for scans in failed.values())
        assert sum(submissions.counts(tx, scopes).values()) == len(seen)
        assert sum(records.counts(tx, scopes).values()) == len(seen)
        assert submissions.failed(tx, limit=9, scopes=scopes) == []
        assert submissions.unplaced_count(tx, scopes) == 0
        assert outbox.pending(tx, scopes) == []
    of_books = [
        (one.scans, one.read, one.failed, one.records, one.waiting, one.keyed) for one in service.book_check.progress(scopes)
    ]
    assert of_books == [(3, 2, 1, 1, 1, 0)] * len(seen)


def test_a_role_covers_what_its_lists_hold(service: Service) -> None:
    add(service, "hoa", agency="H60")
    account = service.accounts.named("hoa")
    assert [account.may([Role.KEYER], agency) for agency in (OURS, LEAF_FIRST, "H61", "000.00.19.H61", None)] == [
        True, True, False, False, False,
    ]  # fmt: skip
    with service.context.ledger.read() as tx:
        assert accounts.get(tx, id=account.id) == account
