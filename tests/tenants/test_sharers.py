"""Whose share a request has before anything of it is verified."""

from uuid import uuid4

import pytest

from tenants import credentials, sessions, sharers
from tenants.credentials import Kind
from tenants.errors import Unauthorized
from tests.factories import PASSWORD, make_member


@pytest.fixture(autouse=True)
def nothing_remembered():
    sharers._tenants.clear()
    sharers._first_from.clear()


def asker(credential="", *, scheme="Bearer", ip="192.0.2.1"):
    headers = [(b"authorization", f"{scheme} {credential}".encode("latin-1"))] if credential else []
    return sharers.asker_of({"headers": headers, "client": (ip, 50000)})


def test_made_up_credentials_share_what_their_address_gets():
    for made_up in ("", "a", "b", "sk_guessed", "\xff"):
        with pytest.raises(Unauthorized):
            credentials.verify(made_up, kinds=list(Kind))
        with pytest.raises(Unauthorized):
            sessions.verify_access(made_up)

        assert asker(made_up) == "192.0.2.1"
    assert asker("c", ip="192.0.2.2") == "192.0.2.2"
    assert asker("d", ip="2001:db8::1") == asker("e", ip="2001:db8::2") == "2001:db8::/64"


def test_a_crowd_with_one_credential_is_one_sharer_before_it_is_found_good():
    first, *others = crowd("token")
    assert first == "192.0.2.1"
    assert len(set(others)) == 1
    assert others[0] not in {first, *crowd("other")}


def crowd(credential):
    return [asker(credential, ip=f"192.0.2.{number}") for number in range(1, 9)]


def test_what_was_found_good_shares_what_its_tenant_gets(acme, globex):
    key = credentials.issue(acme, Kind.API_KEY).secret
    member = make_member(acme)
    access = sessions.log_in(email=member.user.email, password=PASSWORD).access
    others = credentials.issue(globex, Kind.API_KEY).secret
    assert {asker(text) for text in (key, access, others)} == {"192.0.2.1"}

    credentials.verify(key, kinds=[Kind.API_KEY])
    sessions.verify_access(access)
    credentials.verify(others, kinds=[Kind.API_KEY])

    assert {asker(key), asker(key, scheme="bearer"), asker(access)} == {str(acme.id)}
    assert asker(others) == str(globex.id)
    assert asker(f"{key}x") == "192.0.2.1"


def test_only_so_many_are_remembered(monkeypatch):
    monkeypatch.setattr(sharers, "REMEMBERED", 10)
    tenant_id = uuid4()

    for number in range(25):
        assert asker(f"token {number}") == "192.0.2.1"
        sharers.remember(f"token {number}", tenant_id)

    assert (len(sharers._tenants), len(sharers._first_from)) == (5, 5)
    assert asker("token 24") == str(tenant_id)
