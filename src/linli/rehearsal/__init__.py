"""Rehearsal 彩排: whole business days lived through the public API, by every person with their own credentials."""

from linli.rehearsal.audit.queries import digest
from linli.rehearsal.baskets import PackageMissing, Shopping, read_shopping
from linli.rehearsal.mischief import RATES, Mischief
from linli.rehearsal.persons import Person, Refused, Wire
from linli.rehearsal.preset import Preset, read_preset, resized
from linli.rehearsal.replay import relive
from linli.rehearsal.run import Rehearsal, beginning, rehearse
from linli.rehearsal.story import Story
from linli.rehearsal.summary import summary
from linli.rehearsal.world import World

__all__ = [
    "RATES",
    "Mischief",
    "PackageMissing",
    "Person",
    "Preset",
    "Refused",
    "Rehearsal",
    "Shopping",
    "Story",
    "Wire",
    "World",
    "beginning",
    "digest",
    "read_preset",
    "read_shopping",
    "rehearse",
    "relive",
    "resized",
    "summary",
]
