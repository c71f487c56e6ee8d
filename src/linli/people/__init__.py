"""People: who they are, what they may do, where they live and collect, and what they are told."""

from linli.people.access.model import ROLES, GrantValue
from linli.people.account.commands import forget_old_codes, invite_administrator
from linli.people.account.queries import SessionCheck, phone_index, session_check
from linli.people.community.commands import add_community, add_region, open_station, set_clock
from linli.people.community.events import StationOpened
from linli.people.community.model import Mode, RegionValue, StationValue
from linli.people.community.queries import (
    NoSuchRegion,
    NoSuchStation,
    clock_of,
    leader_of_station,
    region,
    regions,
    station,
    stations,
    stations_of_leader,
)
from linli.people.contact.commands import notify, notify_many
from linli.people.leader.model import LeaderValue
from linli.people.leader.queries import NoSuchLeader, leader, leaders
from linli.people.member.commands import count_paid_order, find_or_add_neighbour
from linli.people.member.events import MemberJoined
from linli.people.member.model import MemberValue
from linli.people.member.queries import NoSuchMember, NotBound, bound_station, member, members

check_session = session_check

__all__ = [
    "ROLES",
    "GrantValue",
    "LeaderValue",
    "MemberJoined",
    "MemberValue",
    "Mode",
    "NoSuchLeader",
    "NoSuchMember",
    "NoSuchRegion",
    "NoSuchStation",
    "NotBound",
    "RegionValue",
    "SessionCheck",
    "StationOpened",
    "StationValue",
    "add_community",
    "add_region",
    "bound_station",
    "check_session",
    "clock_of",
    "count_paid_order",
    "find_or_add_neighbour",
    "forget_old_codes",
    "invite_administrator",
    "leader",
    "leader_of_station",
    "leaders",
    "member",
    "members",
    "notify",
    "notify_many",
    "open_station",
    "phone_index",
    "region",
    "regions",
    "session_check",
    "set_clock",
    "station",
    "stations",
    "stations_of_leader",
]
