"""A refusal is named as a fact and every kind has its own stable code."""

import importlib
import pickle
import pkgutil
from collections import Counter

import linli
from linli.kernel.ids import BadId
from linli.kernel.machine import WrongState
from linli.kernel.refusals import (
    BadInput,
    Conflict,
    Gone,
    NotAllowed,
    NotFound,
    NotSignedIn,
    Refusal,
    TooLarge,
    TooMany,
    UpstreamTrouble,
    all_refusals,
)


def test_each_way_to_say_no_has_its_status() -> None:
    kinds = (BadInput, NotFound, NotAllowed, NotSignedIn, Conflict, Gone, TooLarge, TooMany, UpstreamTrouble)
    assert [kind.status for kind in kinds] == [422, 404, 403, 401, 409, 410, 413, 429, 503]


def test_a_refusal_is_named_after_its_class_unless_it_says_otherwise() -> None:
    class SMSCodeExpired(Conflict):
        pass

    class Older(Conflict):
        code = "kept_for_old_clients"
        title = "Kept"

    class Younger(Older):
        pass

    assert (SMSCodeExpired.code, SMSCodeExpired.title, SMSCodeExpired.status) == (
        "sms_code_expired",
        "Sms code expired",
        409,
    )
    assert (Older.code, Older.title) == ("kept_for_old_clients", "Kept")
    assert (Younger.code, Younger.title, Younger.status) == ("younger", "Younger", 409)


def test_a_refusal_carries_the_numbers_a_client_needs_and_survives_a_queue() -> None:
    refusal = pickle.loads(pickle.dumps(Conflict("only 2 left", left=2, asked=3)))
    assert (type(refusal), refusal.detail, refusal.facts) == (Conflict, "only 2 left", {"left": 2, "asked": 3})
    assert str(refusal) == "only 2 left"
    assert str(NotFound()) == "Not found"


def test_no_two_kinds_of_refusal_share_a_code() -> None:
    for module in pkgutil.walk_packages(linli.__path__, "linli."):
        if ".migrations" not in module.name and not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    kinds = [kind for kind in all_refusals() if kind.__module__.startswith("linli.")]
    assert {BadId, WrongState, NotFound} <= set(kinds)
    assert Refusal not in kinds
    codes = Counter(kind.code for kind in kinds)
    assert [(kind.code, kind.__module__) for kind in kinds if codes[kind.code] > 1] == []
