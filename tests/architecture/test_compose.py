"""docker-compose.yml is valid by its schema, and agrees with the code about processes, ports and settings."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from shared.events.envelope import PRODUCERS
from shared.settings import Settings
from tools.stack import kafka
from tools.stack.keys import MAKERS
from tools.stack.processes import AUDITOR, ROLES

ROOT = Path(__file__).resolve().parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SCHEMA: dict[str, Any] = json.loads(
    (files("check_jsonschema") / "builtin_schemas" / "vendor" / "compose-spec.json").read_text()
)
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = [f"{service}-{role}" for service in PRODUCERS for role in ROLES] + [AUDITOR]


def problems(document: dict[str, Any]) -> list[str]:
    """What the Compose schema says against a document."""
    validator = jsonschema.validators.validator_for(SCHEMA)(SCHEMA)
    return [error.message for error in validator.iter_errors(document)]


def test_it_is_valid_by_the_compose_schema() -> None:
    assert problems(COMPOSE) == []


@pytest.mark.parametrize(
    "fault",
    [{"restart": 5}, {"healthcheck": {"test": 5}}, {"stop_grace_period": 30}, {"no_such_key": True}],
)
def test_the_schema_finds_faults(fault: dict[str, Any]) -> None:
    services = SERVICES | {"intake-front": SERVICES["intake-front"] | fault}
    assert problems(COMPOSE | {"services": services})


def test_there_is_a_container_for_every_process() -> None:
    assert sorted(SERVICES) == sorted([*OURS, "kafka", "mongodb"])


@pytest.mark.parametrize("name", OURS)
def test_a_process_listens_where_its_health_is_asked(name: str) -> None:
    service, _, role = name.partition("-")
    port = Settings().port_of(service, "bulk" if role == "bulk" else "front")
    process = SERVICES[name]
    assert process["command"] == [part for part in (service, role) if part]
    assert process["healthcheck"]["test"][-1] == str(port)
    assert process.get("ports", []) == ([f"127.0.0.1:{port}:{port}"] if role == "front" else [])


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_a_container_is_bounded_checked_and_stopped_gently(name: str) -> None:
    service = SERVICES[name]
    assert service["stop_grace_period"] == "30s"
    assert set(service["deploy"]["resources"]["limits"]) == {"cpus", "memory"}
    assert service["healthcheck"]["test"]
    assert service["restart"] == "unless-stopped"
    assert service["logging"]["options"]["max-size"]


@pytest.mark.parametrize("name", OURS)
def test_a_process_gets_known_settings_and_no_secret_from_the_file(name: str) -> None:
    environment = SERVICES[name]["environment"]
    unknown = [variable for variable in environment if variable.lower() not in Settings.model_fields]
    assert unknown == []
    assert not set(environment) & set(MAKERS)
    assert SERVICES[name]["env_file"] == ["guanjia.env"]
    assert float(environment["SHUTDOWN_SECONDS"]) < 30
    wrong = Settings.model_validate({variable.lower(): value for variable, value in environment.items()})
    assert wrong.kafka_assignment == "all"


def test_the_example_of_the_environment_names_every_secret_and_only_settings() -> None:
    lines = (ROOT / "guanjia.env.example").read_text().splitlines()
    names = {line.partition("=")[0] for line in lines if line and not line.startswith("#")}
    assert set(MAKERS) <= names
    assert {name for name in names if name.lower() not in Settings.model_fields} == set()


def test_the_broker_has_the_version_the_tests_run_on() -> None:
    assert SERVICES["kafka"]["image"] == f"apache/kafka:{kafka.version()}"


def test_mongodb_frees_the_locks_of_dead_clients_soon() -> None:
    parameter = "--setParameter=transactionLifetimeLimitSeconds="
    given = [word for word in SERVICES["mongodb"]["command"] if word.startswith(parameter)]
    assert 0 < int(given[0].removeprefix(parameter)) <= Settings().transaction_lifetime_seconds_max


def test_the_image_is_built_in_stages_and_runs_as_nobody_in_particular() -> None:
    lines = (ROOT / "Dockerfile").read_text().splitlines()
    stages = [line for line in lines if line.startswith("FROM ")]
    assert len(stages) == 2
    users = [line.split()[1] for line in lines if line.startswith("USER ")]
    assert users
    assert users[-1] not in ("0", "root")
