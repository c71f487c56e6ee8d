"""The marketing room: what makes a basket cheaper, for whom and within which budget; every topic is one promotion."""

import importlib
import pkgutil

from linli.marketing.coupon.commands import free_coupons, give_coupon, give_coupons, spend_coupons
from linli.marketing.invite.commands import reward_inviter, welcome
from linli.marketing.points.commands import earn_points, expire_points, refund_points, take_points_back
from linli.marketing.promotion.commands import Desk, check_known, give_back, open_desks
from linli.marketing.promotion.model import Ask
from linli.marketing.promotion.queries import stacking
from linli.marketing.team.commands import due_seats, end_teams, pay_seat
from linli.marketing.team.events import TeamPriceReached

__all__ = [
    "Ask",
    "Desk",
    "TeamPriceReached",
    "check_known",
    "due_seats",
    "earn_points",
    "end_teams",
    "expire_points",
    "free_coupons",
    "give_back",
    "give_coupon",
    "give_coupons",
    "open_desks",
    "pay_seat",
    "refund_points",
    "reward_inviter",
    "spend_coupons",
    "stacking",
    "take_points_back",
    "welcome",
]

# A topic registers its promotion and its price rule when it is imported: adding one needs no line here.
for _topic in pkgutil.iter_modules(__path__):
    for _file in pkgutil.iter_modules([f"{_base}/{_topic.name}" for _base in __path__]):
        if _file.name in {"rules", "commands"}:
            importlib.import_module(f"{__name__}.{_topic.name}.{_file.name}")
