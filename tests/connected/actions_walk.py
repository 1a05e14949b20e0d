"""A random walk over the states of one thing: its list of actions against what is really refused (J23).

In every state each caller's list is read. A sample of what is not listed must be refused with 403 or 409 and
change nothing; then one listed action is taken, the one tried least so far, and must succeed.
"""

from __future__ import annotations

import random
import secrets
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx

Json = dict[str, Any]
Bodies = Callable[[str, Json], Sequence[Json]]
"""The bodies worth trying for an action on a thing: with one of them it succeeds, where it is possible."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody with a role."""

    sub: str
    role: str


@dataclass(slots=True)
class Walk:
    """What is walked over. `post` and `read` call the service as somebody; `may` asks the policy."""

    callers: Sequence[Caller]
    actions: Sequence[str]
    read: Callable[[Caller, str], Awaitable[httpx.Response]]
    post: Callable[[Caller, str, str, Json], Awaitable[httpx.Response]]
    may: Callable[[Caller, str], bool]
    bodies: Bodies
    version: Callable[[Json], Any] = lambda thing: thing["version"]
    state: Callable[[Json], Any] = lambda thing: thing["status"]
    seed: int = field(default_factory=lambda: secrets.randbelow(1_000_000))
    refused_per_state: int = 30
    taken: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    _seen: set[tuple[Any, Caller, str]] = field(default_factory=set)
    random: random.Random = field(init=False)

    def __post_init__(self) -> None:
        print(f"seed {self.seed}")
        self.random = random.Random(self.seed)

    async def look(self, thing_id: str) -> dict[Caller, Json]:
        """The thing as everybody sees it who may read it."""
        found = {}
        for caller in self.callers:
            answer = await self.read(caller, thing_id)
            if answer.status_code == 200:
                found[caller] = answer.json()
        return found

    async def step(self, thing_id: str) -> bool:
        """One state: the unlisted is refused, one listed action is taken. False where nothing is listed."""
        seen = await self.look(thing_id)
        lists = {
            c: {a["action"].split(".")[-1] for a in thing["allowed_actions"]} for c, thing in seen.items()
        }
        thing = next(iter(seen.values()))
        await self._refusals(thing_id, thing, lists)
        open_ = [(c, a) for c, names in lists.items() for a in names if a in self.actions]
        if not open_:
            return False
        self.random.shuffle(open_)
        caller, action = min(open_, key=lambda one: self.taken[one[1]])
        await self._take(thing_id, seen[caller], caller, action)
        return True

    async def _refusals(self, thing_id: str, thing: Json, lists: Mapping[Caller, set[str]]) -> None:
        tries = list(self._unlisted(thing, lists))
        self.random.shuffle(tries)
        for caller, action in tries[: self.refused_per_state]:
            self._seen.add((self.state(thing), caller, action))
            for body in self.bodies(action, thing):
                answer = await self.post(caller, thing_id, action, body)
                told = f"{caller} {action} {body} in {self.state(thing)}: {answer.status_code} {answer.text}"
                assert answer.status_code in (403, 409), f"not listed, but not refused: {told}"
            self.refused[action] += 1
        reader = next(iter(lists))
        after = (await self.read(reader, thing_id)).json()
        assert self.version(after) == self.version(thing), "a refusal changes nothing"

    def _unlisted(self, thing: Json, lists: Mapping[Caller, set[str]]) -> Iterator[tuple[Caller, str]]:
        """What the role may do at all, and is not listed now; each once in a state."""
        for caller, names in lists.items():
            for action in self.actions:
                fresh = (self.state(thing), caller, action) not in self._seen
                if action not in names and fresh and self.may(caller, action):
                    yield caller, action

    async def _take(self, thing_id: str, thing: Json, caller: Caller, action: str) -> None:
        told = []
        for body in self.bodies(action, thing):
            answer = await self.post(caller, thing_id, action, body)
            if answer.is_success:
                self.taken[action] += 1
                return
            told.append(f"{body}: {answer.status_code} {answer.text}")
        raise AssertionError(f"listed for {caller} in {self.state(thing)}, but {action} is refused: {told}")
