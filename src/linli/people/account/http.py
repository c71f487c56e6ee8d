"""Routes to sign in and out, by password or phone code, for every audience.

And the staff that an administrator hires.
"""

from typing import Annotated, Any

from pydantic import Field

from linli.kernel.ids import parse_id, region_of
from linli.kernel.refusals import BadInput, Conflict
from linli.people.access.commands import withdraw_role
from linli.people.access.model import HEAD_OFFICE, ROLES, STAFF_ROLES, GrantValue
from linli.people.access.queries import grants_in, grants_of
from linli.people.access.rules import Standing, permissions_of, standing
from linli.people.account import commands
from linli.people.account.model import CODE_LIFE, CodeVerdict, Identity
from linli.people.account.queries import SessionView, forget_sessions, password_of, session_view
from linli.people.account.rules import SignInRefused, check_password, refuse_unless_accepted, refuse_unless_refreshed
from linli.people.account.settings import CODES_PER_PHONE
from linli.platform.access import AudienceName, PermissionMissing
from linli.platform.database import Tx
from linli.platform.secrecy import hash_password, password_fits
from linli.platform.settings import value_of
from linli.platform.web import Audience, Body, Call, CallOf, Phone, PublicId, RegionNumber, Short, View

Login = Annotated[str, Field(min_length=3, max_length=60, pattern=r"^[A-Za-z0-9._@-]+$")]
Password = Annotated[str, Field(min_length=1, max_length=128)]
Code = Annotated[str, Field(pattern=r"^[0-9]{6}$", description="6 digits from the text message")]
Scope = Annotated[int, Field(ge=0, lt=2**20, description="region number, 0 = head office: every region")]


PUBLIC_SIGN_IN = "whoever signs in is not signed in yet; attempts are counted and limited"
PUBLIC_REFRESH = "the refresh token itself is the proof"

NAMES: tuple[AudienceName, ...] = ("app", "leader", "supplier", "driver", "warehouse", "console")
BY_CODE: tuple[AudienceName, ...] = ("app", "leader")
BY_PASSWORD: tuple[AudienceName, ...] = ("console", "warehouse", "driver", "supplier")
audiences = {name: Audience(name, "account") for name in NAMES}
console = audiences["console"]
routers = [audience.router for audience in audiences.values()]


class RefreshUnreadable(BadInput):
    """The refresh token does not have the form of one."""

    title = "登录凭证无法识别"


class NotOneself(Conflict):
    """An administrator cannot take a role from oneself."""

    title = "不能撤销自己的角色"


class CodeWish(Body):
    """The phone that wants a code."""

    phone: Phone


class CodeSent(View):
    """A code is on its way; how long it lives and how many an hour may be asked for.

    Nothing here tells whether the phone is known.
    """

    expires_in: int
    per_hour: int


class PhoneSignIn(Body):
    """A phone with its code; the region only where somebody works in several."""

    phone: Phone
    code: Code
    region: RegionNumber | None = None


class PasswordSignIn(Body):
    """A login with its password; the region only where somebody works in several."""

    login: Login
    password: Password
    region: RegionNumber | None = None


class RefreshWish(Body):
    """The refresh token last given."""

    refresh: Annotated[str, Field(min_length=10, max_length=120)]


class SignedOut(View):
    """The session is over."""

    ended: bool


class FirstAdministrator(Body):
    """The one-time token of `linli admin invite`, and the login to make."""

    token: Annotated[str, Field(min_length=10, max_length=120)]
    login: Login
    password: Password


class NewStaff(Body):
    """Somebody to hire: a role in a region (0 = head office), for a supplier or driver when `person_id` is given."""

    login: Login
    password: Password
    role: Short
    region: Scope
    person_id: PublicId = 0


class StaffView(View):
    """An account with a staff role."""

    id: PublicId
    login: str
    role: str
    region: int
    person_id: PublicId


class Withdrawal(Body):
    """The role to take from an account, and where it had it."""

    role: Short
    region: Scope


class Withdrawn(View):
    """Whether the account had the role, and how many of its sessions were ended."""

    withdrawn: bool
    sessions_ended: int


def _code_routes(audience: AudienceName) -> None:
    @audiences[audience].post("/codes", permission=None, public_reason=PUBLIC_SIGN_IN)
    async def send_code(body: CodeWish, call: CallOf) -> CodeSent:
        async def work(tx: Tx) -> CodeSent:
            await commands.send_code(tx, key=call.installation.key, phone=body.phone, address=_address(call))
            per_hour = await value_of(tx, CODES_PER_PHONE)
            return CodeSent(expires_in=int(CODE_LIFE.total_seconds()), per_hour=per_hour)

        return await call.write(work, region_id=HEAD_OFFICE)


def _password_routes(audience: AudienceName) -> None:
    @audiences[audience].post("/sessions", permission=None, public_reason=PUBLIC_SIGN_IN)
    async def sign_in(body: PasswordSignIn, call: CallOf) -> SessionView:
        key = call.installation.key

        async def count(tx: Tx) -> None:
            await commands.count_sign_in(tx, key=key, login=body.login, address=_address(call))

        await call.write(count, region_id=HEAD_OFFICE, keyed=False)
        async with call.reading(HEAD_OFFICE) as tx:
            account_id, hashed = await password_of(tx, key, body.login)
            grants = await grants_of(tx, account_id)
        if not await password_fits(body.password, hashed):
            raise SignInRefused("login or password is wrong")
        return await _begin(call, account_id, audience, standing(grants, audience, body.region))


def _session_routes(audience: AudienceName) -> None:
    @audiences[audience].post("/sessions/refresh", permission=None, public_reason=PUBLIC_REFRESH)
    async def refresh_session(body: RefreshWish, call: CallOf) -> SessionView:
        session_id, secret = _parts(body.refresh)

        async def work(tx: Tx) -> tuple[commands.Refreshed, Standing | None]:
            done = await commands.refresh_session(tx, session_id=session_id, secret=secret, audience=audience)
            return done, await _standing_of(tx, done, audience)

        done, as_ = await call.write(work, region_id=region_of(session_id), keyed=False)
        refuse_unless_refreshed(done.verdict)
        assert done.session is not None
        assert as_ is not None
        now = call.installation.clock.now()
        return session_view(call.installation.key, done.session.account_id, audience, as_, done.refresh, now)

    @audiences[audience].delete("/sessions/current", permission="session.own")
    async def sign_out(call: CallOf) -> SignedOut:
        session_id = call.who.session_id

        async def work(tx: Tx) -> SignedOut:
            return SignedOut(ended=await commands.end_session(tx, session_id=session_id))

        answer = await call.write(work, region_id=call.who.region_id, keyed=False)
        forget_sessions(call.installation, [session_id])
        return answer


@audiences["leader"].post("/sessions", permission=None, public_reason=PUBLIC_SIGN_IN)
async def sign_in_leader(body: PhoneSignIn, call: CallOf) -> SessionView:
    key, request = call.installation.key, call.request.headers.get("idempotency-key", "")

    async def prove(tx: Tx) -> tuple[CodeVerdict, Identity | None]:
        return await commands.sign_in_by_phone(tx, key=key, phone=body.phone, code=body.code, request=request, name="")

    verdict, found = await call.write(prove, region_id=HEAD_OFFICE, keyed=False)
    refuse_unless_accepted(verdict)
    assert found is not None
    async with call.reading(HEAD_OFFICE) as tx:
        as_ = standing(await grants_of(tx, found.account_id), "leader", body.region)
    return await _begin(call, found.account_id, "leader", as_)


for _name in BY_CODE:
    _code_routes(_name)
for _name in BY_PASSWORD:
    _password_routes(_name)
for _name in NAMES:
    _session_routes(_name)


@console.post(
    "/first-administrator", permission=None, public_reason="there is nobody yet; the one-time token is the proof"
)
async def make_first_administrator(body: FirstAdministrator, call: CallOf) -> StaffView:
    check_password(body.login, body.password)
    password_hash = await hash_password(body.password)

    async def work(tx: Tx) -> StaffView:
        account_id = await commands.accept_invitation(
            tx, key=call.installation.key, token=body.token, login=body.login, password_hash=password_hash
        )
        return StaffView(id=account_id, login=body.login, role="administrator", region=HEAD_OFFICE, person_id=0)

    return await call.write(work, region_id=HEAD_OFFICE)


@console.post("/staff", permission="staff.manage")
async def hire(body: NewStaff, call: CallOf) -> StaffView:
    _only_own_region(call, body.region)
    check_password(body.login, body.password)
    password_hash = await hash_password(body.password)

    async def work(tx: Tx) -> StaffView:
        given: dict[str, Any] = {"login": body.login, "role": body.role, "scope": body.region}
        account_id = await commands.hire(
            tx, key=call.installation.key, password_hash=password_hash, person_id=body.person_id, **given
        )
        grant = next(grant for grant in await grants_of(tx, account_id) if grant.role == body.role)
        return _staff(grant, body.login)

    return await call.write(work, region_id=HEAD_OFFICE)


@console.get("/staff", permission="staff.manage")
async def list_staff(call: CallOf, region: Scope | None = None) -> list[StaffView]:
    scope = call.who.region_id if region is None else region
    _only_own_region(call, scope)
    async with call.reading(HEAD_OFFICE) as tx:
        grants = await grants_in(tx, scope, STAFF_ROLES)
        return [_staff(grant, grant.label) for grant in grants]


@console.post("/staff/{account_id}/withdrawal", permission="staff.manage")
async def withdraw(account_id: PublicId, body: Withdrawal, call: CallOf) -> Withdrawn:
    _only_own_region(call, body.region)
    if account_id == call.who.account_id:
        raise NotOneself("another administrator must do that")
    if body.role not in STAFF_ROLES:
        raise commands.RoleNotForStaff(f"{body.role} is no staff role", role=body.role)
    ended: list[int] = []

    async def work(tx: Tx) -> Withdrawn:
        lost = await withdraw_role(tx, role=body.role, scope=body.region, account_id=account_id)
        audience = ROLES[body.role].audience
        ended[:] = await commands.end_sessions(tx, account_id=account_id, audience=audience) if lost else []
        return Withdrawn(withdrawn=bool(lost), sessions_ended=len(ended))

    answer = await call.write(work, region_id=body.region)
    forget_sessions(call.installation, ended)
    return answer


def _staff(grant: GrantValue, login: str) -> StaffView:
    return StaffView(id=grant.account_id, login=login, role=grant.role, region=grant.scope, person_id=grant.person_id)


async def _begin(call: Call, account_id: int, audience: AudienceName, as_: Standing) -> SessionView:
    """Begin a session and answer with its tokens; tokens are never stored, so sign-in routes are not keyed."""

    async def begin(tx: Tx) -> str:
        return await commands.begin_session(tx, account_id=account_id, audience=audience, person_id=as_.person_id)

    refresh = await call.write(begin, region_id=as_.region_id, keyed=False)
    now = call.installation.clock.now()
    return session_view(call.installation.key, account_id, audience, as_, refresh, now)


async def _standing_of(tx: Tx, done: commands.Refreshed, audience: AudienceName) -> Standing | None:
    """Return the permissions of today: what was given or taken since the sign-in holds from the next refresh on."""
    if done.session is None or not done.refresh:
        return None
    if audience == "app":
        return Standing(tx.region_id, done.session.person_id, ("member",), permissions_of(["member"]))
    return standing(await grants_of(tx, done.session.account_id), audience, tx.region_id)


def _parts(refresh: str) -> tuple[int, str]:
    number, _, secret = refresh.partition(".")
    if not secret or not number.isascii() or not number.isdigit():
        raise RefreshUnreadable("a refresh token is <session>.<secret>")
    return parse_id(number), secret


def _address(call: Call) -> str:
    # A whole simulated town calls from one machine, so a development installation does not count by address.
    if call.installation.config.development or call.request.client is None:
        return ""
    return call.request.client.host


def _only_own_region(call: Call, region: int) -> None:
    if call.who.region_id not in (HEAD_OFFICE, region):
        raise PermissionMissing("this region is not yours", region=region)
