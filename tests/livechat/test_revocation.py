"""Whatever ends a permission ends it on every socket within two seconds, and at once elsewhere."""

import asyncio
import time
from datetime import UTC, datetime

import pytest
from django.contrib.auth.hashers import make_password

from livechat.asgi import application
from tenants import credentials, sessions
from tenants.executor import run_in_db_thread
from tenants.models import Credential, LoginSession, Membership, Tenant, User
from tests.factories import make_tenant
from tests.livechat.asgi_client import Client
from tests.livechat.lines import all_admitted, dialects, team
from tests.widgets.shops import make_shop

SECONDS, SLOW_MACHINE = 2, 1
# A request with the same credential, for each socket that has one.
REQUESTS = {
    "team": ("GET", "/api/me", lambda each: each.beginning["token"]),
    "visitor": ("POST", "/api/widgets/{tenant}/chat", lambda each: each.beginning["token"]),
    "blits": ("POST", "/api/external/initialize", lambda each: each.beginning["authToken"]),
    "zeebee": ("GET", "/api/me", lambda each: each.beginning["api_key"]),
    "dev": ("GET", "/api/me", lambda each: each.path.partition("=")[2]),
}


@pytest.fixture
def shops():
    return [make_shop(make_tenant(name, is_demo=True), "") for name in ("Acme", "Globex", "Umbra")]


def member_events(member):
    """What ends a member's log-in, each as the product or an operator does it."""
    session = LoginSession.objects.get(membership=member)
    person = User.objects.filter(pk=member.user_id)
    place = Membership.objects.filter(pk=member.pk)
    return {
        "logged out": lambda: sessions._end(session, "member.logged_out"),
        "new password": lambda: person.update(password=make_password("another one, as long")),
        "new role": lambda: place.update(role=Membership.Role.ADMIN),
        "no member any more": lambda: place.update(is_active=False),
        "dismissed": lambda: person.update(is_active=False),
    }


def end_everything(revoked, expired, suspended, members):
    for how, each in members.items():
        member_events(each.by)[how]()
    for each in revoked:
        if isinstance(each.by, Credential):
            credentials.revoke(each.by)
    ids = [each.by.pk for each in expired if isinstance(each.by, Credential)]
    Credential.objects.filter(pk__in=ids).update(expires_at=datetime.now(UTC))
    Tenant.objects.filter(pk=suspended.pk).update(suspended_at=datetime.now(UTC))


async def status(tenant, each):
    method, path, token_of = REQUESTS[each.name]
    headers = {"Authorization": f"Bearer {token_of(each)}", "Content-Type": "application/json"}
    answer = await Client(application).request(
        method, path.format(tenant=tenant.id), headers=headers, chunks=[b"{}"]
    )
    return answer.status


async def test_what_ends_a_permission_ends_it_everywhere(shops, closed_hub, acme):
    first, second, third = shops
    revoked, expired, suspended = [
        (await run_in_db_thread(dialects, shop)) for shop in (first, second, third)
    ]
    hows = ("logged out", "new password", "new role", "no member any more", "dismissed")
    members = {how: await run_in_db_thread(team, first) for how in hows}
    other = await run_in_db_thread(lambda: dialects(make_shop(acme, "")))
    ended = [*members.values(), *revoked[1:], *expired[1:], *suspended]
    lines, safe = await all_admitted(ended), await all_admitted([*other, revoked[0]])

    await run_in_db_thread(end_everything, revoked, expired, third.tenant, members)
    begun = time.monotonic()
    codes = [code for _, code in await asyncio.gather(*(line.end() for line in lines))]
    seconds = time.monotonic() - begun

    assert seconds < SECONDS + SLOW_MACHINE
    assert codes == [4401] * (len(ended) - len(suspended)) + [4403] * len(suspended)
    for shop, theirs in ((first, [*members.values(), *revoked[1:]]), (second, expired[1:])):
        with_requests = [each for each in theirs if each.name in REQUESTS]
        assert {await status(shop.tenant, each) for each in with_requests} == {401}
    with_requests = [each for each in suspended if each.name in REQUESTS]
    assert {await status(third.tenant, each) for each in with_requests} == {403}
    # Nobody else's socket ends.
    for line in safe:
        await line.ask()
    assert await asyncio.gather(*(line.receive_from(timeout=5) for line in safe))
    for line in [*lines, *safe]:
        await line.disconnect()
