"""Fulfilment: sorted goods are driven to the stations, handed over, and collected with a code."""

from linli.fulfilment.fleet.commands import add_vehicle
from linli.fulfilment.fleet.queries import vehicles
from linli.fulfilment.handover.commands import expect_handovers, note_all_signed, receive, set_down
from linli.fulfilment.handover.events import StationDelivered, StationSupplied
from linli.fulfilment.handover.queries import handovers
from linli.fulfilment.parcel.commands import receive_overdue
from linli.fulfilment.pickup.commands import pick_up
from linli.fulfilment.route.commands import plan_routes
from linli.fulfilment.route.events import RoutesPlanned, RunDeparted
from linli.fulfilment.route.queries import run, runs, unserved
from linli.fulfilment.truth.model import Untruth
from linli.fulfilment.truth.queries import untruths

__all__ = [
    "RoutesPlanned",
    "RunDeparted",
    "StationDelivered",
    "StationSupplied",
    "Untruth",
    "add_vehicle",
    "expect_handovers",
    "handovers",
    "note_all_signed",
    "pick_up",
    "plan_routes",
    "receive",
    "receive_overdue",
    "run",
    "runs",
    "set_down",
    "unserved",
    "untruths",
    "vehicles",
]
