"""Every address, limit and secret of the platform, with its default and what it is for; set by environment.

The variable is the name of the field in capitals: `KAFKA_BOOTSTRAP_SERVERS`, `BATCH_RECORDS_MAX`. Nothing
else reads the environment. Secrets have no default: on one machine they are made at the first start.
"""

from __future__ import annotations

from functools import cache
from typing import Literal, Self

from pydantic import Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.events.envelope import PRODUCERS, Lane
from shared.settings_attachments import AttachmentSettings

Role = Literal["front", "bulk"]

KIB = 1024
MIB = 1024 * KIB


class CoreSettings(BaseSettings):
    """Read once per process; a wrong value stops the process and names the variable."""

    model_config = SettingsConfigDict(
        frozen=True, extra="ignore", env_ignore_empty=True, hide_input_in_errors=True
    )

    # --- Where things are ---------------------------------------------------------------------------------
    mongodb_url: str = Field(
        "mongodb://127.0.0.1:27017/?replicaSet=guanjia", description="MongoDB, a replica set (transactions)"
    )
    kafka_bootstrap_servers: str = Field("127.0.0.1:9092", description="Kafka, host:port with commas between")
    database_prefix: str = Field(
        "guanjia_", max_length=32, description="Databases are <prefix><service> and <prefix>vault"
    )
    topic_prefix: str = Field("", max_length=64, description="Put before every topic and consumer group")
    host: str = Field("127.0.0.1", description="Address the HTTP servers listen on")
    base_port: int = Field(8001, ge=1, le=65_000, description="Port of intake; see port_of for the others")
    replica: str = Field("0", max_length=32, description="Which of several equal processes this is")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO", description="Least severe line logged"
    )
    failpoint: str = Field("", description="Tests: name of the point at which the process kills itself")

    # --- Broker -------------------------------------------------------------------------------------------
    kafka_assignment: Literal["all", "group"] = Field(
        "all",
        description="all: this process takes every partition of its lane; group: shared by a consumer group",
    )
    broker_forgets: bool = Field(False, description="The embedded broker keeps everything in memory only")
    enable_idempotence: bool = Field(
        True, description="Idempotent producer; the embedded broker cannot do it"
    )
    partitions: int = Field(12, ge=1, le=1_000, description="Partitions of a topic, when it is created")
    replication_factor: int = Field(1, ge=1, le=7, description="Copies of a topic, when it is created")
    fetch_max_wait_ms_urgent: int = Field(
        500, ge=1, description="How long a fetch of the urgent lane may wait; Kafka answers at once with news"
    )
    fetch_max_wait_ms_routine: int = Field(
        500, ge=1, description="How long a fetch of the routine lane may wait"
    )
    session_timeout_ms: int = Field(
        10_000, ge=3_000, description="Group members silent for so long are dropped"
    )
    broker_batches_max: int = Field(
        5_000, ge=100, description="Embedded broker: record batches in one partition before it is recycled"
    )

    # --- Committer ----------------------------------------------------------------------------------------
    batch_records_max: int | None = Field(
        None, ge=1, le=10_000, description="Units in one commit, for both roles; 1 turns batching off"
    )
    batch_records_max_front: int = Field(
        200, ge=1, le=10_000, description="Units in one commit of a front process"
    )
    batch_records_max_bulk: int = Field(
        100, ge=1, le=10_000, description="Units in one commit of a bulk process"
    )
    batch_bytes_max: int = Field(8 * MIB, ge=64 * KIB, description="Bytes written by one commit")
    commit_timeout_seconds: float = Field(
        4.0, gt=0, le=60, description="A commit that takes longer is given up"
    )
    commit_gather_seconds: float = Field(
        0.006, ge=0, le=1, description="After a large commit, the longest wait for those it answered"
    )
    commits_in_flight_max: int = Field(
        2, ge=1, le=8, description="Transactions at once; they share no stream"
    )
    commit_tries_max: int = Field(
        3, ge=1, le=20, description="Times a unit is run again because its basis moved"
    )
    queue_records_max: int = Field(2_000, ge=1, description="Units waiting for a commit; above: 503")
    queue_bytes_max: int = Field(32 * MIB, ge=1, description="Bytes waiting for a commit; above: 503")
    queue_urgent_reserve: int = Field(
        500, ge=0, description="Places on top of the queue that only urgent may take"
    )
    retry_after_seconds: int = Field(1, ge=1, description="What a refused caller is told to wait")
    transaction_lifetime_seconds_max: int = Field(
        10, ge=1, description="Unready when mongod keeps dead transactions longer"
    )
    commands_ttl_hours: int = Field(
        72, ge=1, description="How long a repeated command gets its stored answer"
    )
    lease_seconds: float = Field(
        10.0, ge=1, description="How long the one sweeper and relay of a service may be silent"
    )

    # --- Events, relay, journal ---------------------------------------------------------------------------
    event_bytes_max: int = Field(256 * KIB, ge=1 * KIB, le=900 * KIB, description="Size of one event")
    relay_pending_max: int = Field(2_000, ge=1, description="Events sent and not yet confirmed by the broker")
    relay_seal_every_ms: int = Field(1_000, ge=10, description="Longest time between publishing and sealing")
    relay_seal_records_max: int = Field(1_000, ge=1, description="Events in one seal")
    outbox_retention_days: int = Field(3_650, ge=1, description="How long the journal is kept")
    refusals_kept_days: int = Field(
        90, ge=1, le=3_650, description="How long it is remembered what was refused to whom"
    )
    outbox_alarm_records: int = Field(100_000, ge=1, description="Events not yet published before an alarm")
    waiting_alarm_seconds_urgent: int = Field(
        30, ge=1, description="An urgent event waits so long for its cause: alarm"
    )
    waiting_alarm_seconds_routine: int = Field(300, ge=1, description="A routine event waits so long: alarm")
    fuse_parked_max: int = Field(
        20, ge=1, description="Routine events parked in a row before the consumer stops"
    )

    # --- Timers and the auditor ---------------------------------------------------------------------------
    timer_sweep_ms: int = Field(200, ge=10, description="How often due timers are looked for")
    timer_batch_max: int = Field(1_000, ge=1, description="Due timers taken at once")
    auditor_every_seconds: float = Field(10.0, gt=0, description="How often the auditor compares deadlines")
    auditor_grace_seconds: float = Field(
        30.0, ge=0, description="How late something may fire before it is an alarm"
    )
    auditor_repeat_minutes: float = Field(
        30.0, gt=0, description="The auditor repeats the alarm about one thing at most so often"
    )
    auditor_orders_max: int = Field(
        50_000,
        ge=100,
        description="Open work orders of one property, or cases, that the auditor reads in a round",
    )
    auditor_webhook_url: str = Field("", description="Where the auditor posts its alarms, besides mail")
    auditor_mail_to: str = Field("duty@localhost", description="Who gets the auditor's mail")

    # --- HTTP ---------------------------------------------------------------------------------------------
    answer_language: Literal["en", "zh"] = Field(
        "en", description="Language of refusals for callers whose Accept-Language names none of ours"
    )
    body_bytes_max: int = Field(256 * KIB, ge=1 * KIB, description="Size of a request body; above: 413")
    page_limit_default: int = Field(50, ge=1, description="Items of a list when nothing is asked")
    page_limit_max: int = Field(200, ge=1, description="Items of a list at most")
    shutdown_seconds: float = Field(15.0, gt=0, description="How long a stopping process may finish its work")
    ready_silence_seconds: float = Field(
        10.0, gt=0, description="A loop silent for longer makes the process unready"
    )

    # --- Intake -------------------------------------------------------------------------------------------
    intake_watch_seconds: float = Field(
        2.0, gt=0, description="How often intake looks for emergencies that dispatch has not answered (J30)"
    )
    intake_future_minutes_max: int = Field(
        5, ge=0, le=60, description="How far ahead of our clock a reported time may be"
    )
    intake_past_days_max: int = Field(
        31, ge=1, description="How old a reported fact may be, outside a history import"
    )
    intake_ahead_days_max: int = Field(
        366, ge=1, description="How far ahead an appointment or a promised time may be"
    )
    people_lookups_per_minute_max: int = Field(
        60, ge=1, description="Look-ups of people by telephone for one person and property; above: 429"
    )

    # --- Who may call -------------------------------------------------------------------------------------
    jwt_secret: SecretStr = Field(SecretStr(""), description="HS256 secret of the tokens, on one machine")
    jwt_jwks_url: str = Field("", description="Keys of the identity provider; used instead of jwt_secret")
    jwt_issuer: str = Field("guanjia", description="Expected `iss` of a token")
    jwt_audience: str = Field("guanjia", description="Expected `aud` of a token")
    jwt_algorithms: tuple[str, ...] = Field(("HS256",), description='Accepted signatures, as JSON: ["RS256"]')
    jwt_leeway_seconds: int = Field(5, ge=0, le=300, description="Difference of clocks that is forgiven")

    # --- Secrets that are never in the database -----------------------------------------------------------
    seal_hmac_key: SecretStr = Field(SecretStr(""), description="Signs the seals of the journal")
    vault_master_key: SecretStr = Field(
        SecretStr(""), description="Wraps the data keys of people (32 bytes, base64url)"
    )

    # --- Channels -----------------------------------------------------------------------------------------
    smtp_host: str = Field("127.0.0.1", description="Mail server")
    smtp_port: int = Field(2525, ge=1, le=65_535, description="Port of the mail server")
    smtp_username: str = Field("", description="Empty: no login")
    smtp_password: SecretStr = Field(SecretStr(""), description="Password of the mail server")
    smtp_starttls: bool = Field(False, description="Encrypt the connection to the mail server")
    smtp_from: str = Field("guanjia@localhost", description="Sender of mail")
    smtp_timeout_seconds: float = Field(10.0, gt=0, description="Longest wait for the mail server")
    gateway_url: str = Field("", description="HTTP gateway for text messages and calls; empty: none")
    gateway_secret: SecretStr = Field(
        SecretStr(""), description="Signs what is sent to the gateway (Standard Webhooks)"
    )
    gateway_timeout_seconds: float = Field(10.0, gt=0, description="Longest wait for the gateway")
    gateway_batch_max: int = Field(100, ge=1, le=100, description="Messages in one call of the gateway")
    gateway_calls_max: int = Field(8, ge=1, le=100, description="Calls of the gateway at once, of one queue")
    gateway_key_hours: int = Field(24, ge=1, description="How long the gateway knows an idempotency key")
    smtp_batch_max: int = Field(5, ge=1, le=100, description="Mails claimed together for one connection")
    smtp_calls_max: int = Field(8, ge=1, le=100, description="Connections to the mail server, of one queue")

    # --- Messages -----------------------------------------------------------------------------------------
    message_poll_ms: int = Field(500, ge=10, description="How often due messages are looked for, unasked")
    message_lease_seconds: float = Field(
        60.0, ge=1, description="A sender silent for so long has died; above the channels' own timeouts"
    )
    message_retry_base_seconds: float = Field(2.0, gt=0, description="First wait after a failed attempt")
    message_retry_cap_seconds: tuple[float, float, float] = Field(
        (10.0, 60.0, 600.0), description="Longest wait between attempts: emergency, urgent, routine"
    )
    message_next_channel_seconds: tuple[float, float, float] = Field(
        (20.0, 120.0, 900.0), description="How long one channel is tried while another is left"
    )
    message_give_up_seconds: tuple[float, float, float] = Field(
        (300.0, 7_200.0, 86_400.0), description="How long the last channel is tried before a person must"
    )
    message_retention_days: int = Field(
        365, ge=1, description="How long a finished message keeps its address and text"
    )
    breaker_failures_max: int = Field(5, ge=1, description="Failed calls in a row before a channel is spared")
    breaker_open_seconds: float = Field(5.0, gt=0, description="How long it is spared before it is tried")

    def records_max(self, role: Role) -> int:
        """Units in one commit of a process with this role."""
        if self.batch_records_max is not None:
            return self.batch_records_max
        return self.batch_records_max_front if role == "front" else self.batch_records_max_bulk

    def fetch_max_wait_ms(self, lane: Lane) -> int:
        """How long a fetch of this lane may wait for records."""
        return self.fetch_max_wait_ms_urgent if lane == "urgent" else self.fetch_max_wait_ms_routine

    def waiting_alarm_seconds(self, lane: Lane) -> int:
        """How long an event of this lane may wait for its cause without alarm."""
        return self.waiting_alarm_seconds_urgent if lane == "urgent" else self.waiting_alarm_seconds_routine

    def database(self, name: str) -> str:
        """The name of the database of a service, or of the vault."""
        return f"{self.database_prefix}{name}"

    def port_of(self, service: str, role: Role = "front") -> int:
        """HTTP port: fronts from base_port on, bulk (health, metrics) ten above, the auditor twenty above."""
        if service == "auditor":
            return self.base_port + 20
        return self.base_port + PRODUCERS.index(service) + (10 if role == "bulk" else 0)


class Settings(AttachmentSettings, CoreSettings):
    """All of them: those of this module, then those of attachments."""

    @model_validator(mode="after")
    def _no_loop_rests_too_long(self) -> Self:
        """A loop says twice in the time that counts as silence that it progresses."""
        rests = {
            "INTAKE_WATCH_SECONDS": self.intake_watch_seconds,
            "TIMER_SWEEP_MS": self.timer_sweep_ms / 1000,
            "MESSAGE_POLL_MS": self.message_poll_ms / 1000,
            "LEASE_SECONDS": self.lease_seconds / 3,
        }
        for name, seconds in rests.items():
            if seconds > self.ready_silence_seconds / 2:
                raise ValueError(
                    f"{name} lets a loop rest for {seconds:.1f} s; at most half of READY_SILENCE_SECONDS "
                    f"({self.ready_silence_seconds:.1f} s) is accepted"
                )
        return self


def wrong_setting(error: ValidationError) -> str:
    """What is wrong with the settings, in one line that shows no secret."""
    wrong = error.errors(include_url=False)[0]
    said = wrong["msg"].removeprefix("Value error, ")
    if not wrong["loc"]:
        return said  # of several together: it names them
    name = str(wrong["loc"][0])
    field = Settings.model_fields.get(name)
    secret = field is None or field.annotation is SecretStr
    given = "" if secret else f"={wrong['input']}"
    return f"{name.upper()}{given}: {said}"


@cache
def settings() -> Settings:
    """The settings of this process, read from the environment once; a wrong one ends it with one line."""
    try:
        return Settings()
    except ValidationError as error:
        raise SystemExit(wrong_setting(error)) from None
