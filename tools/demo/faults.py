"""What breaks in the demonstration.

Faults in both languages, with the catalogue's category, hazard and tariff codes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault. `tariff` are codes of the repair tariff with quantities.

    `hazard` an item of the emergency or urgent list.
    """

    zh: str
    en: str
    part: str
    category: str
    area: Literal["indoor", "public"]
    hazard: str = ""
    place: str = ""
    tariff: tuple[tuple[str, int], ...] = ()


EMERGENCIES = (
    Fault(
        "地下车库跑水",
        "flooding in the underground garage",
        "车库",
        "plumbing",
        "public",
        "flooding",
        "地下车库B2",
    ),
    Fault(
        "整层停电",
        "a whole floor without electricity",
        "配电间",
        "electrical",
        "public",
        "power-outage",
        "六楼走廊",
    ),
    Fault("整栋停水", "no water in the building", "水泵房", "plumbing", "public", "water-outage", "一号楼"),
    Fault(
        "垃圾房冒烟起火",
        "smoke and fire in the refuse room",
        "垃圾房",
        "other",
        "public",
        "fire",
        "首层垃圾房",
    ),
)
URGENT = (
    Fault(
        "楼梯扶手松动",
        "a loose handrail on the stairs",
        "扶手",
        "structure",
        "public",
        "railing-loose",
        "三楼楼梯间",
    ),
    Fault(
        "外墙瓷砖将脱落",
        "tiles of the outer wall about to fall",
        "外墙",
        "structure",
        "public",
        "parts-about-to-fall",
        "东门外墙",
    ),
)
PUBLIC = (
    Fault("走廊灯不亮", "the corridor light is out", "走廊灯", "electrical", "public", place="五楼走廊"),
    Fault(
        "大堂门关不上", "the lobby door does not close", "大堂门", "doors-windows", "public", place="首层大堂"
    ),
    Fault("电梯异响", "a strange noise in the lift", "电梯轿厢", "lift", "public", place="客梯2号"),
)
INDOOR = (
    Fault(
        "厨房水龙头滴水",
        "the kitchen tap drips",
        "水龙头",
        "plumbing",
        "indoor",
        tariff=(("tap-replacement", 1), ("materials", 45)),
    ),
    Fault(
        "下水道堵塞",
        "the drain is blocked",
        "下水道",
        "plumbing",
        "indoor",
        tariff=(("drain-unblocking", 1),),
    ),
    Fault(
        "插座没电",
        "a socket is dead",
        "插座",
        "electrical",
        "indoor",
        tariff=(("socket-replacement", 2), ("materials", 30)),
    ),
    Fault(
        "门锁打不开",
        "the door lock is stuck",
        "门锁",
        "doors-windows",
        "indoor",
        tariff=(("lock-replacement", 1), ("materials", 120)),
    ),
    Fault(
        "空调不制冷",
        "the air-conditioner does not cool",
        "空调",
        "air-conditioning",
        "indoor",
        tariff=(("labour-half-hour", 2),),
    ),
)
