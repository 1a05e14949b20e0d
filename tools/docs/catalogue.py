"""Makes `docs/catalogue.md`: what the catalogue's files say, procedure by procedure, profile by profile."""

from __future__ import annotations

from collections.abc import Iterator
from typing import get_args

from shared.catalogue.desk_rules import DeskRules
from shared.catalogue.guide import guidance
from shared.catalogue.load import Catalogue
from shared.catalogue.model import (
    Area,
    AskedField,
    BillingRules,
    DispatchRules,
    EscalationStep,
    HazardItem,
    IntakeRules,
    Procedure,
)
from shared.catalogue.profile import Profile, Setting
from tools.docs.markdown import GENERATED, page, table


def render(catalogue: Catalogue) -> str:
    """The whole document."""
    return page(
        [
            GENERATED,
            "",
            "# The catalogue",
            "",
            "What the handbooks prescribe, as the platform runs it. The files are in `shared/catalogue/`;",
            "adding a procedure is adding a file. A request is finished under the version it was opened",
            "under.",
            "",
            *table(("number", "procedure", "中文", "can be opened", "profiles"), _index(catalogue)),
            *(line for p in catalogue.procedures.values() for line in _procedure(p, catalogue)),
            *_profiles(catalogue),
            *_settings(catalogue),
            *_guide(),
        ]
    )


def _index(catalogue: Catalogue) -> Iterator[tuple[object, ...]]:
    for procedure in catalogue.procedures.values():
        runs = [p.id for p in catalogue.profiles.values() if procedure.id in p.procedures]
        link = f"[{procedure.id}](#{procedure.id})"
        yield procedure.number, link, procedure.title_zh, procedure.opens, ", ".join(runs)


def _procedure(procedure: Procedure, catalogue: Catalogue) -> Iterator[str]:
    yield f"## {procedure.id}"
    yield ""
    title = f"{procedure.number} {procedure.title_zh}, {procedure.title_en}"
    yield f"{title}. Records: category {procedure.record_category}."
    if procedure.extends:
        yield f"Starts from [{procedure.extends}](#{procedure.extends})."
    yield ""
    yield "Sources: " + "; ".join(procedure.source) + "."
    yield ""
    if procedure.intake:
        yield from _intake(procedure.intake)
    if procedure.dispatch and not procedure.opens:
        yield f"A step of other procedures; signed by: {procedure.dispatch.withdrawal_signature}.\n"
    elif procedure.dispatch:
        yield from _dispatch(procedure.dispatch)
    if procedure.billing:
        yield from _billing(procedure.billing)
    if procedure.desk:
        yield from _desk(procedure.desk)
    if procedure.notify:
        rows = [
            (event, notice.to or notice.audience, notice.template, _condition(notice.when, notice.unless))
            for event, notices in procedure.notify.notices.items()
            for notice in notices
        ]
        yield "### Notices\n"
        yield from table(("event", "told", "wording", "when"), rows)
    yield from _differences(procedure, catalogue)


def _intake(intake: IntakeRules) -> Iterator[str]:
    yield "### Asked at intake\n"
    yield from _fields(intake.fields)
    facts = [
        ("areas", ", ".join(intake.areas)),
        ("categories", ", ".join(intake.categories)),
        ("unit must be known", intake.unit_required),
        ("possible duplicates are pointed out within", f"{intake.duplicate_window_hours} h"),
    ]
    if intake.warranty_months:
        months = [f"{category}: {count} months" for category, count in intake.warranty_months.items()]
        facts.append(
            ("suggested as under warranty", ", ".join([*months, "others: setting `warranty.months`"]))
        )
    yield from table(("rule", "value"), facts)
    yield from _hazards("Emergency list (紧急情况)", intake.emergency_list)
    yield from _hazards("Urgent list (急修)", intake.urgent_list)


def _desk(rules: DeskRules) -> Iterator[str]:
    """What the desk takes to its end itself: one line a number, under the name it has in the file."""
    yield "### At the desk, without a slip\n"
    facts: list[tuple[str, object]] = []
    for part in DeskRules.model_fields:
        numbers = getattr(rules, part)
        for name in type(numbers).model_fields if numbers is not None else ():
            value = getattr(numbers, name)
            facts.append((name.replace("_", " "), ", ".join(value) if isinstance(value, tuple) else value))
    yield from table(("rule", "value"), facts)


def _fields(fields: tuple[AskedField, ...]) -> list[str]:
    rows = [
        (f"`{f.name}`", f.label_zh, f.label_en, f.type, _required(f), f.personal, _accepted(f))
        for f in fields
    ]
    return table(("field", "中文", "English", "type", "required", "personal", "accepted"), rows)


def _required(field: AskedField) -> object:
    everywhere = len(field.required_in) == len(get_args(Area))
    return field.required if everywhere or not field.required else f"{', '.join(field.required_in)} only"


def _accepted(field: AskedField) -> str:
    if field.choices:
        return ", ".join(field.choices)
    if field.type == "integer":
        return f"{field.minimum} to {field.maximum}"
    return f"up to {field.length_max} characters" if field.type == "text" else ""


def _hazards(title: str, items: tuple[HazardItem, ...]) -> list[str]:
    rows = [(f"`{item.id}`", item.zh, item.en, item.source) for item in items]
    return [f"{title}:", "", *table(("item", "中文", "English", "source"), rows)] if rows else []


def _told(step: EscalationStep) -> str:
    besides = f" (urgent: also {', '.join(step.urgent_also)})" if step.urgent_also else ""
    return f"{step.at_percent} %: {step.to_role}{besides}"


def _dispatch(rules: DispatchRules) -> Iterator[str]:
    yield "### Work\n"
    facts: list[tuple[str, object]] = [
        ("flow", rules.flow),
        ("department", rules.department),
        ("slip reaches the department within", f"{rules.slip_within_minutes} min ({rules.modes})"),
        ("slips of a month's last days counted in the next month", rules.slip_late_days),
        ("emergency due within", f"{rules.emergency_due_minutes} min"),
        ("paper of an emergency complete within", f"{rules.paperwork_within_hours} h"),
        ("urgent due within", f"{rules.urgent_due_hours} h"),
        ("general due within", f"{rules.general_due_days} calendar days"),
        ("general work goes through the repair supervisor", rules.supervisor_dispatches),
        ("told as time runs out", ", ".join(_told(s) for s in rules.escalation)),
        ("signatures", ", ".join(rules.signatures)),
        ("signatures in public areas", ", ".join(rules.public_signatures) or "the same"),
        ("consented quote before work starts", rules.quote_before_start),
        ("partner confirms first", rules.partner_required),
        ("notice for a free cancellation", f"{rules.cancel_notice_hours} h"),
        ("skills", ", ".join(f"{k}: {v}" for k, v in rules.skills.items())),
    ]
    yield from table(("rule", "value"), facts)
    if rules.fallback:
        consent = "only with the owner's recorded consent" if rules.fallback.consent_required else "at once"
        yield f"Instead, if the partner cannot: {rules.fallback.zh} ({rules.fallback.en}), {consent}.\n"
        yield from _fields(rules.fallback.fields)


def _billing(rules: BillingRules) -> Iterator[str]:
    yield "### Money\n"
    facts: list[tuple[str, object]] = [
        ("paid by", rules.payer),
        ("public areas free", rules.public_area_free),
        ("price", "the partner's, per case" if rules.partner_price else "by tariff"),
        ("deposit", f"{rules.deposit_percent} % ({', '.join(rules.deposit_methods)})"),
        ("payment", ", ".join(rules.payment_methods)),
        ("money is taken by", ", ".join(rules.collected_by)),
        ("quote holds for", f"{rules.quote_valid_hours} h"),
        (
            "forfeiture decided within",
            f"{rules.forfeiture_decide_days} days, by {' or '.join(rules.forfeiture_approver)}",
        ),
        ("a forfeited deposit goes to", rules.forfeited_to),
    ]
    if not rules.deposit_percent:
        facts = [fact for fact in facts if fact[0] != "deposit" and "forfeit" not in fact[0]]
    yield from table(("rule", "value"), facts)
    rows = [
        (f"`{row.code}`", row.zh, row.en, f"{row.amount_minor // 100}.{row.amount_minor % 100:02d}", row.unit)
        for row in rules.tariff
    ]
    yield from table(("tariff", "中文", "English", "amount", "per"), rows)


def _condition(when: dict[str, str | int | bool], unless: dict[str, str | int | bool]) -> str:
    parts = [f"{name} = {_shown(value)}" for name, value in when.items()]
    parts += [f"{name} ≠ {_shown(value)}" for name, value in unless.items()]
    return ", ".join(parts)


def _shown(value: str | int | bool) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value) or "(empty)"


def _differences(base: Procedure, catalogue: Catalogue) -> Iterator[str]:
    """Where a profile differs from the shipped rules, value by value."""
    rows = []
    for profile in catalogue.profiles.values():
        if base.id in profile.procedures:
            shipped = _flat(base.model_dump(mode="json", exclude={"version"}))
            resolved = _flat(
                catalogue.procedure(base.id, profile.id).model_dump(mode="json", exclude={"version"})
            )
            rows += [
                (profile.id, name, shipped.get(name, ""), value)
                for name, value in resolved.items()
                if shipped.get(name, "") != value
            ]
    if rows:
        yield "### Different by profile\n"
        yield from table(("profile", "rule", "shipped", "here"), rows)


def _flat(table: dict[str, object], prefix: str = "") -> dict[str, str]:
    found: dict[str, str] = {}
    for key, value in table.items():
        if isinstance(value, dict):
            found |= _flat(value, f"{prefix}{key}.")
        else:
            found[prefix + key] = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    return found


def _profiles(catalogue: Catalogue) -> Iterator[str]:
    yield "## Profiles\n"
    rows = [
        (
            p.id,
            p.title_zh,
            p.title_en,
            "; ".join(p.source),
            p.currency,
            f"{p.quiet_from} to {p.quiet_until}",
            len(p.unconfirmed),
        )
        for p in catalogue.profiles.values()
    ]
    yield from table(
        ("profile", "中文", "English", "handbooks", "currency", "quiet hours", "unconfirmed"), rows
    )


def _settings(catalogue: Catalogue) -> Iterator[str]:
    profiles = list(catalogue.profiles.values())
    yield "## Settings\n"
    yield "Where the handbooks contradict each other, and where they are blank. A value marked * is our"
    yield "default and not confirmed by the client.\n"
    rows = [
        (
            f"`{name}`",
            setting.explains,
            setting.blank or "",
            setting.accepted(),
            *(_value(setting, p) for p in profiles),
        )
        for name, setting in catalogue.settings.items()
    ]
    head = ("setting", "what it is", "blank (domain §8.1)", "accepted", *(p.id for p in profiles))
    yield from table(head, rows)


def _value(setting: Setting, profile: Profile) -> str:
    mark = " *" if setting.name in profile.unconfirmed else ""
    return _shown(profile.settings[setting.name]) + mark


def _guide() -> Iterator[str]:
    known = guidance()
    yield "## Service guide\n"
    yield f"The {len(known.services)} services of the handbooks (P015). A property sets which it offers,"
    yield "with hours and telephone; the price is the tariff of the procedure that the desk opens for it."
    yield f"An edition is given out by: {', '.join(way.en for way in known.ways.values())}.\n"
    rows = [
        (f"`{name}`", one.zh, one.en, one.kind, one.paid, one.provider, one.procedure, one.source)
        for name, one in known.services.items()
    ]
    head = ("service", "中文", "English", "class", "paid", "provider", "procedure", "source")
    yield from table(head, rows)
