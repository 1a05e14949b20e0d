"""What does not fit together across the catalogue's files: notices, wordings, events, roles and skills."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pydantic import BaseModel

from shared.catalogue.guide import services
from shared.catalogue.load import Catalogue
from shared.catalogue.model import (
    FIRST_CONTACT,
    HQ_DUTY,
    POST,
    RESPONSIBLE,
    AskedField,
    DispatchRules,
    IntakeRules,
    Notice,
    Procedure,
)
from shared.catalogue.wordings import Wordings
from shared.events.registry import event_class
from shared.policy import Policy

SIGNERS_WITHOUT_ROLE = ("owner",)


def problems(catalogue: Catalogue, wordings: Wordings, policy: Policy) -> list[str]:
    """Every contradiction found, one sentence each; empty when all is well."""
    found = list(_notices("defaults", catalogue.default_notices, wordings, policy))
    for profile in catalogue.profiles.values():
        for procedure_id in profile.procedures:
            procedure = catalogue.procedure(procedure_id, profile.id)
            where = f"{procedure_id} in {profile.id}"
            found += _procedure(where, procedure, policy)
            found += _notices(where, procedure.notify.notices if procedure.notify else {}, wordings, policy)
    used = _templates_used(catalogue)
    found += [f"wordings: {name} is used by no notice" for name in wordings.templates if name not in used]
    found += [
        f"guide.toml: {name}: there is no procedure {service.procedure}"
        for name, service in services().items()
        if service.procedure and service.procedure not in catalogue.procedures
    ]
    return found


def _procedure(where: str, procedure: Procedure, policy: Policy) -> Iterator[str]:
    if not procedure.source or not 1 <= procedure.record_category <= 29:
        yield f"{where}: names no source, or a record category that is none of the 29"
    if procedure.intake:
        yield from _intake(where, procedure.intake)
    for role in _roles(procedure):
        if role not in policy.roles:
            yield f"{where}: there is no role {role}"
    dispatch = procedure.dispatch
    if dispatch and procedure.intake and procedure.opens:
        without = [c for c in procedure.intake.categories if c not in dispatch.skills]
        if without and "default" not in dispatch.skills:
            yield f"{where}: no skill for {', '.join(without)}"
        percents = [step.at_percent for step in dispatch.escalation]
        if not percents or percents != sorted(set(percents)):
            yield f"{where}: escalation steps must exist and go up"
    if dispatch and procedure.intake:
        yield from _callbacks(where, dispatch, procedure.intake)
    if procedure.billing and "technician" in procedure.billing.collected_by:
        yield f"{where}: a technician never takes money (R1)"


def _callbacks(where: str, dispatch: DispatchRules, intake: IntakeRules) -> Iterator[str]:
    hazards = {item.id for item in (*intake.emergency_list, *intake.urgent_list)}
    asked = {field.name for field in intake.fields if field.type == "boolean"}
    for rule in dispatch.callback_rules:
        strange = {*rule.hazards} - hazards | {*rule.categories} - {*intake.categories}
        strange |= {rule.field} - asked - {""}
        yield from (f"{where}: callback of kind {rule.kind}: there is no {name}" for name in sorted(strange))


def _intake(where: str, intake: IntakeRules) -> Iterator[str]:
    hazards = [item.id for item in (*intake.emergency_list, *intake.urgent_list)]
    if len(set(hazards)) != len(hazards):
        yield f"{where}: an item stands twice in the emergency and urgent lists"
    names = [field.name for field in intake.fields]
    if len(set(names)) != len(names):
        yield f"{where}: a field is asked twice"
    for field in intake.fields:
        yield from _field(where, field)
    for category in intake.warranty_months:
        if category not in intake.categories:
            yield f"{where}: warranty_months: there is no category {category}"


def _field(where: str, field: AskedField) -> Iterator[str]:
    if (field.type == "choice") != bool(field.choices):
        yield f"{where}: {field.name}: choices belong to the type choice, and only there"
    if field.type != "integer" and (field.minimum, field.maximum) != (None, None):
        yield f"{where}: {field.name}: minimum and maximum belong to the type integer"


def _roles(procedure: Procedure) -> Iterator[str]:
    if procedure.desk:
        desk = procedure.desk
        yield from (*(desk.complaint.responsible_roles if desk.complaint else ()),)
        for numbers in (desk.complaint, desk.inquiry, desk.difficult):
            yield from numbers.superior_roles if numbers else ()
    if procedure.dispatch:
        rules = procedure.dispatch
        told = (role for step in rules.escalation for role in (step.to_role, *step.urgent_also))
        yield from (role for role in told if role != HQ_DUTY)
        yield from (s for s in (*rules.signatures, *rules.public_signatures) if s not in SIGNERS_WITHOUT_ROLE)
        yield rules.withdrawal_signature
    if procedure.billing:
        yield from procedure.billing.collected_by
        yield from procedure.billing.forfeiture_approver


def _notices(
    where: str, notices: Mapping[str, tuple[Notice, ...]], wordings: Wordings, policy: Policy
) -> Iterator[str]:
    for type_name, listed in notices.items():
        event = event_class(type_name)
        if event is None:
            yield f"{where}: notices: there is no event {type_name}"
            continue
        for notice in listed:
            template = wordings.templates.get(notice.template)
            if template is None:
                yield f"{where}: notices: there is no wording {notice.template}"
            elif (template.event, template.audience) != (type_name, notice.audience):
                yield f"{where}: notices: {notice.template} is a wording for another event or audience"
            if notice.to and (notice.audience != "staff" or not _known_reader(notice.to, event, policy)):
                yield f"{where}: notices: {type_name}: nobody can be told as {notice.to}"
            for name in (*notice.when, *notice.unless):
                if not _has_field(event, name):
                    yield f"{where}: notices: {type_name} has no field {name}"


def _known_reader(to: str, event: type[BaseModel], policy: Policy) -> bool:
    return (
        to == FIRST_CONTACT
        or to in policy.roles
        or (to == POST and "to_role" in event.model_fields)
        or (to == RESPONSIBLE and "responsible_id" in event.model_fields)
    )


def _has_field(event: type[BaseModel], dotted: str) -> bool:
    first, _, rest = dotted.partition(".")
    field = event.model_fields.get(first)
    if field is None or not rest:
        return field is not None
    inner = field.annotation
    return isinstance(inner, type) and issubclass(inner, BaseModel) and _has_field(inner, rest)


def _templates_used(catalogue: Catalogue) -> set[str]:
    tables = [catalogue.default_notices]
    tables += [p.notify.notices for p in catalogue.procedures.values() if p.notify]
    return {notice.template for table in tables for listed in table.values() for notice in listed}
