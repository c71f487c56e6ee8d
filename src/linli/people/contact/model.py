"""What is known about a message: whom it is for, and the two texts a person reads."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Message:
    """What a person reads: a short title and one or two sentences."""

    title: str
    text: str
