"""Plausible people of a made-up town: names and phones drawn from a seed, nobody real."""

from __future__ import annotations

import random

SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许邓韩冯曹彭曾肖田董潘袁蔡蒋余于杜叶程魏苏吕丁任沈姚卢姜崔钟"
)
GIVEN = (
    "秀英", "桂兰", "建国", "建华", "志强", "丽华", "玉梅", "春梅", "海燕", "晓红",
    "国强", "文静", "婷婷", "佳怡", "子涵", "浩然", "雨桐", "思远", "明辉", "晓东",
    "红霞", "秀珍", "淑芬", "建军", "永强", "小玲", "凤英", "美玲", "艳丽", "雪梅",
    "志明", "国华", "俊杰", "文博", "欣怡", "梓萱", "一诺", "宇轩", "诗涵", "若曦",
    "春生", "腊梅", "汉生", "江涛", "楚云", "桂芳", "金花", "水生", "长青", "佩兰",
)  # fmt: skip
CALLED = ("阿姨", "姐", "哥", "叔", "奶奶", "妈妈", "爸爸", "师傅", "老师", "嫂子")
SECOND_DIGITS = "3456789"


class Names:
    """Draws names and phones, each phone once."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(f"names-{seed}")
        self._phones: set[str] = set()

    def full(self) -> str:
        """Return a full name, 王秀英."""
        return self._random.choice(SURNAMES) + self._random.choice(GIVEN)

    def nickname(self) -> str:
        """Return what neighbours call somebody, 王阿姨 or 秀英."""
        if self._random.random() < 0.7:
            return self._random.choice(SURNAMES) + self._random.choice(CALLED)
        return self._random.choice(GIVEN)

    def place(self) -> str:
        """Return a building and room, 3-1202."""
        floor, door = self._random.randint(1, 18), self._random.randint(1, 4)
        return f"{self._random.randint(1, 12)}-{floor}{door:02d}"

    def phone(self) -> str:
        """Return a mobile number that was not drawn before."""
        while True:
            digits = "".join(str(self._random.randrange(10)) for _ in range(9))
            phone = f"1{self._random.choice(SECOND_DIGITS)}{digits}"
            if phone not in self._phones:
                self._phones.add(phone)
                return phone
