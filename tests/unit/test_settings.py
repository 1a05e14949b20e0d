"""A wrong setting is said in one line that names it, says what is accepted, and shows no secret."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pydantic import ValidationError

from shared.settings import Settings, settings
from tools.exits import Exit, Stop
from tools.stack.stack import settings_of

SECRETS = {"jwt_secret": "hush-1", "vault_master_key": "hush-2"}
WRONG = [
    ({"base_port": "abc"}, "BASE_PORT=abc: "),
    ({"lease_seconds": "60"}, "LEASE_SECONDS lets a loop rest for 20.0 s; at most half of READY_SILENCE"),
]


@pytest.fixture(autouse=True)
def _read_anew() -> Iterator[None]:
    settings.cache_clear()
    yield
    settings.cache_clear()


@pytest.mark.parametrize(("wrong", "said"), WRONG)
def test_a_wrong_setting_is_named_and_no_secret_shown(
    wrong: dict[str, str], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(Stop) as stopped:
        settings_of(wrong | SECRETS)
    assert stopped.value.code == Exit.USAGE
    assert stopped.value.line.startswith(said)
    for name, value in (wrong | SECRETS).items():
        monkeypatch.setenv(name.upper(), value)
    with pytest.raises(SystemExit) as ended:
        settings()
    with pytest.raises(ValidationError) as raised:
        Settings()
    assert str(ended.value) == stopped.value.line
    assert "hush" not in f"{stopped.value.line} {ended.value} {raised.value}"


def test_a_secret_that_is_none_is_named_only() -> None:
    with pytest.raises(Stop, match=r"^JWT_SECRET: .*string$"):
        settings_of({"jwt_secret": 5})  # type: ignore[dict-item]
