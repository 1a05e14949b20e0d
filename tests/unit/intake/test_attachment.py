"""The rules of attachments: who takes one, what is removed, which link is good."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import SecretStr

from services.intake.domain import attachment as rules
from services.intake.domain.attachment import ATTACHMENT_KINDS, EXTENSIONS, MEDIA_TYPES, Attachment
from services.intake.domain.attachment_commands import LINKS, AddAttachment, AddSensitiveAttachment, adding
from services.intake.domain.refusals import no_room
from shared.blobs.content import NAMES
from shared.errors import Bug, Conflict, Forbidden, Invalid, TooLarge, demand
from shared.http.links import Links
from shared.policy import Policy
from shared.settings import Settings

NOW = datetime(2026, 3, 1, 8, tzinfo=UTC)
STORED = Attachment(
    "villa",
    "a1",
    2,
    bytes="stored",
    media_type="image/jpeg",
    received_by="lin",
    sweep_at=NOW,
    claimed_until=NOW,
)
POLICY = Policy.shipped()
LATER = NOW + timedelta(days=3_650)
TAKING = rules.Taking("r1", "person:p1", "lin", LATER)


def test_a_stored_file_becomes_part_of_a_request_and_is_swept_only_after_its_term() -> None:
    taken = rules.attached(STORED, TAKING, NOW)
    assert (taken.status, taken.request_id, taken.added_by, taken.added_at) == ("ATTACHED", "r1", "lin", NOW)
    assert (taken.sweep_at, taken.claimed_until, taken.personal_key) == (LATER, None, "person:p1")


@pytest.mark.parametrize(
    ("ended", "years", "until"),
    [
        (datetime(2026, 3, 1, 8, tzinfo=UTC), 10, datetime(2036, 3, 31, 16, tzinfo=UTC)),
        (datetime(2026, 11, 30, 15, 59, tzinfo=UTC), 5, datetime(2031, 11, 30, 16, tzinfo=UTC)),
        (datetime(2026, 11, 30, 16, 0, tzinfo=UTC), 5, datetime(2031, 12, 31, 16, tzinfo=UTC)),
        (datetime(2026, 12, 31, 15, 59, tzinfo=UTC), 1, datetime(2027, 12, 31, 16, tzinfo=UTC)),
    ],
)
def test_a_term_of_years_begins_with_the_month_after_in_the_property_own_time(
    ended: datetime, years: int, until: datetime
) -> None:
    assert rules.keep_until(ended, years, "Asia/Shanghai") == until


@pytest.mark.parametrize(
    ("found", "kind"),
    [
        (None, "upload-gone"),
        (replace(STORED, bytes=""), "upload-gone"),
        (replace(STORED, status="DROPPED"), "upload-gone"),
        (replace(STORED, status="ATTACHED"), "attached-already"),
        (replace(STORED, status="REMOVED"), "attached-already"),
    ],
)
def test_nothing_else_becomes_part_of_a_request(found: Attachment | None, kind: str) -> None:
    with pytest.raises(Conflict) as caught:
        rules.attached(found, TAKING, NOW)
    assert (caught.value.kind, bool(caught.value.accepted)) == (kind, True)


def test_what_is_removed_keeps_its_record_and_is_due_at_once() -> None:
    gone = rules.removed(rules.attached(STORED, TAKING, NOW), "wrong flat", "chen", NOW)
    assert (gone.status, gone.bytes, gone.sweep_at) == ("REMOVED", "stored", NOW)
    assert (gone.removed_by, gone.removed_at, gone.remove_reason) == ("chen", NOW, "wrong flat")
    for found in (gone, STORED):
        with pytest.raises(Conflict):
            rules.removed(found, "again", "chen", NOW)


def test_a_request_has_room_up_to_its_limit() -> None:
    assert no_room(49, 50) is None
    with pytest.raises(TooLarge, match="already has 50"):
        demand(no_room(50, 50))


def test_a_declared_hash_has_to_be_that_of_the_file() -> None:
    rules.check_hash("", "f" * 64)
    rules.check_hash("f" * 64, "f" * 64)
    with pytest.raises(Invalid):
        rules.check_hash("e" * 64, "f" * 64)


def test_a_link_is_good_until_it_expires() -> None:
    expires = str(int((NOW + timedelta(minutes=10)).timestamp()))
    rules.check_link(expires, NOW + timedelta(minutes=9, seconds=59), genuine=True)
    for now, said, genuine in (
        (NOW, expires, False),
        (NOW + timedelta(minutes=10), expires, True),
        (NOW, "", True),
        (NOW, "-5", True),
    ):
        with pytest.raises(Forbidden):
            rules.check_link(said, now, genuine=genuine)


def test_every_class_says_what_it_may_be_who_adds_and_who_sees_it() -> None:
    assert set(MEDIA_TYPES) == set(LINKS) == set(ATTACHMENT_KINDS)
    for kind in ATTACHMENT_KINDS:
        assert set(MEDIA_TYPES[kind]) <= set(EXTENSIONS) == set(NAMES)
        assert POLICY.actions[LINKS[kind].NAME]
    assert {kind for kind in ATTACHMENT_KINDS if adding(kind) is AddSensitiveAttachment} == {"id_copy"}
    assert POLICY.actions[AddSensitiveAttachment.NAME] < POLICY.actions[AddAttachment.NAME]


def test_r8_owners_papers_are_not_for_technicians_and_guards() -> None:
    for kind in ("scan", "signature", "id_copy"):
        assert not POLICY.actions[LINKS[kind].NAME] & {"technician", "gate_guard"}
    assert "technician" in POLICY.actions[LINKS["photo"].NAME]
    supervisors = {"cs_supervisor", "butler_supervisor", "repair_supervisor", "director", "property_manager"}
    assert POLICY.actions["intake.remove_attachment"] == supervisors
    assert POLICY.actions["intake.link_sensitive_attachment"] < supervisors


def test_a_download_is_named_by_class_and_id() -> None:
    assert rules.file_name(STORED) == "photo-a1.jpg"
    assert rules.key_of("villa", "a1") == "villa/a1"


def test_a_signature_is_for_these_parts_and_this_key_only() -> None:
    links = Links(Settings(link_hmac_key=SecretStr("a-key-of-some-length")))
    mac = links.sign("villa", "a1", "lin", 5)
    assert links.genuine(mac, "villa", "a1", "lin", "5")
    for parts in (
        ("villa", "a1", "li", "n5"),
        ("villa", "a1", "lin", 6),
        ("villa", "a1", "lin"),
        ("villaa", "1", "lin", 5),
    ):
        assert not links.genuine(mac, *parts)
    assert not links.genuine("ä", "villa", "a1", "lin", 5)
    assert not Links(Settings(link_hmac_key=SecretStr("another-key-of-length"))).genuine(
        mac, "villa", "a1", "lin", 5
    )


def test_without_a_key_no_link_is_made_and_the_process_does_not_start() -> None:
    for key in ("", "too short"):
        links = Links(Settings(link_hmac_key=SecretStr(key)))
        with pytest.raises(Bug):
            links.sign("x")
        with pytest.raises(SystemExit, match="LINK_HMAC_KEY"):
            links.require()
