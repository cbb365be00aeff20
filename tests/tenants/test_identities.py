"""A proof of who a visitor is opens for whoever holds the tenant's secret, and for nobody else."""

import hashlib
import hmac
import time
from datetime import timedelta

import jwt
import pytest

from tenants import credentials, identities
from tenants.credentials import Kind
from tenants.errors import LiveChatError
from tests.factories import make_tenant
from tests.tenants.forging import signed, without_the_key

HEAD = {"alg": "HS256", "typ": "JWT"}
MINUTE, DAY = 60, 24 * 3600


def claims(**more):
    return {"sub": "user-7", "exp": int(time.time()) + 10 * MINUTE, **more}


def knock(tenant, text):
    """Whom a token names, or the code of its refusal."""
    try:
        found = identities.read_token(tenant.id, text, audiences={str(tenant.id), "shopcode"})
    except LiveChatError as error:
        return error.code
    return found.user_id


@pytest.fixture(scope="module")
def sites(database):
    """Two tenants, each with the secret that its own site knows."""
    tenants = make_tenant("Acme"), make_tenant("Globex")
    return [(one, credentials.issue(one, Kind.IDENTITY_SECRET)) for one in tenants]


def wrong(tenant):
    now = int(time.time())
    changes = {
        "expired": {"exp": now - 6},
        "no end in sight": {"exp": now + DAY + MINUTE},
        "an end that is none": {"exp": "soon"},
        "an end out of reach": {"exp": 1e400},
        "no end": {"exp": None},
        "an end that is true": {"exp": True},
        "not yet": {"nbf": now + MINUTE},
        "made in the future": {"iat": now + MINUTE},
        "for somebody else": {"aud": "elsewhere"},
        "for several others": {"aud": ["elsewhere", 7]},
        "for nobody": {"aud": None},
        "for what is no name": {"aud": {str(tenant.id): 1}},
        "nobody": {"sub": ""},
        "a blank": {"sub": "  "},
        "a number": {"sub": 7},
        "a list": {"sub": ["user-7"]},
        "a long id": {"sub": "u" * 201},
        "a NUL": {"sub": "user\0"},
        "half a letter": {"sub": "user\ud83d"},
        "a name that ends amid a letter": {"name": "Kim \ud83d"},
        "a name that is none": {"name": {"first": "Kim"}},
        "a long name": {"name": "K" * 201},
        "no address": {"email": "nobody"},
        "a long address": {"email": f"{'k' * 250}@example.com"},
    }
    found = {name: {**claims(), **change} for name, change in changes.items()}
    for name in ("exp", "sub"):
        found[f"without {name}"] = {key: one for key, one in claims().items() if key != name}
    return found


def test_forged_tokens_name_nobody_and_are_told_apart_by_nobody(sites):
    (acme, ours), (globex, theirs) = sites
    good = jwt.encode(claims(), ours.secret, algorithm="HS256")
    strangers = jwt.encode(claims(), theirs.secret, algorithm="HS256")
    forged = without_the_key(good, strangers) | {
        name: signed(HEAD, changed, ours.secret.encode()) for name, changed in wrong(acme).items()
    }
    forged["a stronger algorithm"] = signed(
        {**HEAD, "alg": "HS512"}, claims(), ours.secret.encode(), "sha512"
    )
    forged["an extension"] = signed({**HEAD, "crit": ["b64"]}, claims(), ours.secret.encode())
    forged["the other tenant's"] = strangers
    forged["the secret itself"] = ours.secret

    said = {name: knock(acme, text) for name, text in forged.items()}

    assert {name: one for name, one in said.items() if one != "invalid_identity"} == {}
    assert len(said) >= 55
    assert (knock(acme, good), knock(globex, strangers)) == ("user-7", "user-7")


@pytest.mark.parametrize("audience", [None, "shopcode", ["elsewhere", "shopcode"], "tenant"])
def test_a_token_may_say_for_whom_it_is(sites, audience):
    acme, ours = sites[0]
    named = str(acme.id) if audience == "tenant" else audience
    said = claims(aud=named) if named else claims()

    assert knock(acme, jwt.encode(said, ours.secret, algorithm="HS256")) == "user-7"


def test_a_hash_proves_its_own_user_id_alone(sites):
    (acme, ours), (globex, _) = sites
    proof = hmac.new(ours.secret.encode(), b"user-7", hashlib.sha256).hexdigest()
    refused = [
        (acme, "user-8", proof),
        (acme, "user-7", proof[:-1]),
        (acme, "user-7", ""),
        (acme, "user-7", "\u00e9" * 64),
        (acme, "", hmac.new(ours.secret.encode(), b"", hashlib.sha256).hexdigest()),
        (acme, "user-7", hashlib.sha256(b"user-7").hexdigest()),
        (globex, "user-7", proof),
    ]

    assert identities.read_hash(acme.id, "user-7", proof.upper()).user_id == "user-7"
    for tenant, user_id, given in refused:
        with pytest.raises(LiveChatError) as caught:
            identities.read_hash(tenant.id, user_id, given)
        assert caught.value.code == "invalid_identity"


def test_an_old_secret_works_for_its_grace_and_without_any_nobody_is_identified(acme):
    first = credentials.issue(acme, Kind.IDENTITY_SECRET)
    second = credentials.rotate(first.credential, grace=timedelta(hours=1))
    old, new = (jwt.encode(claims(), one.secret, algorithm="HS256") for one in (first, second))
    before = knock(acme, old), knock(acme, new)
    credentials.revoke(first.credential)
    between = knock(acme, old), knock(acme, new)
    credentials.revoke(second.credential)

    assert before == ("user-7", "user-7")
    assert between == ("invalid_identity", "user-7")
    assert knock(acme, new) == "identity_not_configured"
    assert credentials.reveal(second.credential) == second.secret
