"""How a violation is planted: by rule, what harms a copy of the small world, and where it must be found."""

from __future__ import annotations

from collections.abc import Callable

from tests.connected.chaos_world import Copy

Plant = Callable[[Copy], str]
Plants = dict[str, Plant]


def planting(plants: Plants) -> Callable[[str], Callable[[Plant], Plant]]:
    """A decorator by rule: it registers what plants a violation and returns a part of where that is found."""

    def of(rule: str) -> Callable[[Plant], Plant]:
        def register(plant: Plant) -> Plant:
            assert rule not in plants, rule
            plants[rule] = plant
            return plant

        return register

    return of
