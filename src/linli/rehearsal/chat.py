"""The chat group of one leader: a chain 接龙 as neighbours type it, and what each of them really meant."""

from __future__ import annotations

import random
from dataclasses import dataclass

from linli.kernel.money import yuan
from linli.rehearsal.catalogue import Good
from linli.rehearsal.names import Names

CHINESE = {1: "一", 2: "两", 3: "三"}
REMARKS = ("", "", "", " 谢谢团长", " 晚点来拿", " [玫瑰]", "，放门口", " 辛苦了🙏")


@dataclass(frozen=True)
class Meant:
    """One neighbour's entry: the line as typed, and what it means to whoever knows the neighbour."""

    typed: str
    who: str
    place: str
    wants: tuple[tuple[Good, int], ...]


def call(good: Good, chance: random.Random) -> str:
    """Return what a neighbour calls a good."""
    return chance.choice((good.name, *good.other_names)) if good.other_names else good.name


def write_chat(
    goods: tuple[Good, ...], leader: str, neighbours: int, names: Names, seed: int
) -> tuple[str, list[Meant]]:
    """Return a chain of `neighbours` entries over the goods, a quarter of them typed unclearly, and their meanings."""
    chance = random.Random(f"chat-{seed}")
    entries: list[Meant] = []
    for number in range(neighbours):
        wants = tuple((good, chance.choice((1, 1, 2, 2, 3))) for good in chance.sample(goods, chance.randint(1, 3)))
        who, place = names.nickname(), names.place()
        before = entries[-1] if entries else None
        if before is not None and number % 8 == 5:
            entries.append(Meant(f"{who} {place} 同上", who, place, before.wants))
        elif number % 8 == 3:
            good, pieces = wants[0]
            entries.append(
                Meant(f"{who} {place} {good.name[:1]}那个{CHINESE[pieces]}份还有吗？", who, place, ((good, pieces),))
            )
        else:
            entries.append(Meant(_typed(who, place, wants, number, chance), who, place, wants))
    lines = ["#接龙", f"明天下午四点到货，今晚十点截单，{leader}家楼下自提", ""]
    lines += [f"{good.name} {good.spec} {yuan(good.price_fen)}元/{good.unit}" for good in goods]
    lines += ["", f"1. {leader}"]
    lines += [f"{number}. {entry.typed}" for number, entry in enumerate(entries, 2)]
    return "\n".join(lines) + "\n", entries


def _typed(who: str, place: str, wants: tuple[tuple[Good, int], ...], number: int, chance: random.Random) -> str:
    parts = []
    for good, pieces in wants:
        match number % 4:
            case 0:
                parts.append(f"{good.name}{pieces}{good.unit}")
            case 1:
                parts.append(f"{good.name} {CHINESE[pieces]}{good.unit}")
            case 2:
                parts.append(f"{call(good, chance)}{pieces}{good.unit}")
            case _:
                parts.append(f"{good.name}×{pieces}")
    between = ("，", " ", "、", " ")[number % 4]
    return f"{who} {place} {between.join(parts)}{chance.choice(REMARKS)}"
