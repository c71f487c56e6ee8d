"""Facts that a room announces and wishes that it leaves for a job: plain frozen values known by a stable name."""

from __future__ import annotations

from typing import ClassVar


class Fact:
    """Something that happened, in the past tense; subclasses are frozen dataclasses of ids and plain values."""

    name: ClassVar[str]
    registry: ClassVar[dict[str, type[Fact]]] = {}

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        if cls.name in Fact.registry and Fact.registry[cls.name].__module__ != cls.__module__:
            raise TypeError(f"two facts are called {cls.name}")
        Fact.registry[cls.name] = cls


class Wish:
    """Something the outside world shall do; subclasses are frozen dataclasses, `patience` is how often it is tried."""

    name: ClassVar[str]
    patience: ClassVar[int] = 12
    registry: ClassVar[dict[str, type[Wish]]] = {}

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        if cls.name in Wish.registry and Wish.registry[cls.name].__module__ != cls.__module__:
            raise TypeError(f"two wishes are called {cls.name}")
        Wish.registry[cls.name] = cls
