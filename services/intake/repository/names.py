"""The collections of intake and their indexes, each with the query it serves."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, TypeVar

from pymongo.asynchronous.database import AsyncDatabase

from services.intake.domain.attachment import Attachment
from services.intake.domain.colleague import Colleague
from services.intake.domain.contact import Contact
from services.intake.domain.directory import Person, PhoneEntry, Unit
from services.intake.domain.property import Property
from services.intake.domain.request import Request
from services.intake.domain.timeline import Entry
from services.intake.domain.watch import SlipWatch
from services.intake.repository import attachments as repository_attachments
from services.intake.repository import cases
from shared.kernel.unit import Aggregate, Index

PROPERTIES, UNITS, PEOPLE, PHONES = "properties", "units", "people", "phones"
CONTACTS, REQUESTS, TIMELINE, REFERENCES = "contacts", "requests", "timeline", "references"
COLLEAGUES = "colleagues"

KINDS: Mapping[type, str] = {
    Property: PROPERTIES,
    Unit: UNITS,
    Person: PEOPLE,
    PhoneEntry: PHONES,
    Contact: CONTACTS,
    Request: REQUESTS,
    SlipWatch: "watches",
    Entry: TIMELINE,
    Attachment: repository_attachments.ATTACHMENTS,
    Colleague: COLLEAGUES,
    **cases.KINDS,
}

NEWEST = (("reported_at", -1), ("id", -1))
LATEST = (("started_at", -1), ("id", -1))
FILTERS = ("reference", "unit_id", "procedure", "status", "urgency")
"""What lists of requests may be narrowed by, each along an index; also `department`, and `stage` within a
status.
"""
INDEXES = (
    Index(REQUESTS, (("property_id", 1), *NEWEST), serves="all requests, newest first"),
    *(
        Index(REQUESTS, (("property_id", 1), (name, 1), *NEWEST), serves=f"requests by {name}, newest first")
        for name in FILTERS
    ),
    Index(
        REQUESTS,
        (("property_id", 1), ("department", 1), *NEWEST),
        serves="requests a department works on, newest first",
        partial={"department": {"$gt": ""}},
    ),
    Index(
        REQUESTS,
        (("property_id", 1), ("same_as", 1)),
        serves="open requests about the same thing",
        partial={"same_as": {"$gt": ""}},
    ),
    Index(
        REQUESTS,
        (("property_id", 1), ("promise.missed_at", 1)),
        serves="requests whose promised time passed, by when",
        partial={"promise.missed_at": {"$type": "date"}},
    ),
    Index(
        REQUESTS,
        (("property_id", 1), ("talk.waiting", 1), ("talk.due_at", 1), ("id", 1)),
        serves="special clients the director has still to talk to, first due first",
        partial={"talk.waiting": True},
    ),
    Index(
        REQUESTS,
        (("watch_for", 1), ("watch_at", 1)),
        serves="the watch: what dispatch has still to answer, first due first",
        partial={"watch_at": {"$type": "date"}},
    ),
    *(
        Index(
            REQUESTS,
            (("property_id", 1), (name, 1)),
            serves=f"{what}; the auditor's reading",
            partial={name: {"$type": "date"}},
        )
        for name, what in (
            ("first_contact_due_at", "requests that nobody has taken over"),
            ("promise.watch_at", "promises that come near or pass"),
            ("refer_at", "visits that are not settled"),
        )
    ),
    Index(
        REQUESTS,
        (("property_id", 1), ("joined_to", 1)),
        serves="requests that wait for another's end; the auditor's reading",
        partial={"status": "OPEN", "joined_to": {"$gt": ""}},
    ),
    Index(
        REQUESTS,
        (("property_id", 1), ("difficult", 1), ("id", 1)),
        serves="difficult issues; the auditor's reading",
        partial={"difficult": True, "status": "OPEN"},
    ),
    Index(REQUESTS, (("property_id", 1), ("contact_id", 1)), serves="the requests a contact opened"),
    Index(CONTACTS, (("property_id", 1), *LATEST), serves="all contacts, latest first"),
    Index(CONTACTS, (("property_id", 1), ("channel", 1), *LATEST), serves="contacts of a channel"),
    Index(CONTACTS, (("property_id", 1), ("caller_phone", 1), *LATEST), serves="contacts of a caller"),
    Index(
        CONTACTS,
        (("property_id", 1), ("about_request_id", 1), *LATEST),
        serves="contacts about a request",
        partial={"about_request_id": {"$gt": ""}},
    ),
    Index(
        UNITS, (("property_id", 1), ("label", 1)), serves="units in the order of their labels, or by label"
    ),
    Index(UNITS, (("property_id", 1), ("building", 1), ("label", 1)), serves="the units of a building"),
    Index(PEOPLE, (("property_id", 1), ("id", 1)), serves="all people"),
    Index(PEOPLE, (("property_id", 1), ("units.unit_id", 1), ("id", 1)), serves="the people of a unit"),
    Index(PEOPLE, (("property_id", 1), ("tails", 1)), serves="people by building and last four digits"),
    Index(
        TIMELINE,
        (("property_id", 1), ("request_id", 1), ("at", 1), ("id", 1)),
        serves="the timeline of a request, oldest first",
    ),
    *repository_attachments.INDEXES,
    *cases.INDEXES,
)

A = TypeVar("A", bound=Aggregate)
Database = AsyncDatabase[dict[str, Any]]
Place = tuple[datetime, str]
Query = dict[str, Any]
QUERY_MS_MAX = 5_000
