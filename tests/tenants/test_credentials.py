import base64
import hmac
import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import jwt
import pytest
from django.db import connections
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tenants import credentials, last_use, tokens
from tenants.credentials import EVERY_SCOPE, Grant, Kind
from tenants.errors import Conflict, Forbidden, Unauthorized
from tenants.ids import uuid7
from tenants.keys import keys_for
from tenants.models import AuditEntry, Credential
from tenants.scope import tenant_scope

KINDS = list(Kind)
JWT_KINDS = [Kind.BUBBLE_TOKEN, Kind.API_TOKEN]
SHOWN_AGAIN = [kind for kind in KINDS if kind != Kind.API_KEY]
PAGE = "https://shop.example"


def issue(tenant, kind, **fields):
    return credentials.issue(tenant, kind, subject_id=uuid7(), **fields)


def change(issued, **fields):
    Credential.objects.filter(pk=issued.credential.pk).update(**fields)


def code_of(secret, *kinds, **options):
    """The code with which this secret is refused, or None."""
    try:
        credentials.verify(secret, kinds=kinds or KINDS, **options)
    except (Unauthorized, Forbidden) as error:
        return error.code
    return None


def ago(**period):
    return timezone.now() - timedelta(**period)


def audited(tenant):
    with tenant_scope(tenant.id):
        return list(AuditEntry.objects.order_by("at").values_list("action", flat=True))


@pytest.mark.parametrize("kind", KINDS)
def test_a_credential_grants_what_its_row_says(acme, globex, kind):
    issued = issue(acme, kind, name="Shop", scopes=["conversations:read"])
    issue(globex, kind)

    assert credentials.verify(issued.secret, kinds=[kind]) == Grant(
        tenant_id=acme.id,
        kind=kind,
        credential_id=issued.credential.pk,
        subject_id=issued.credential.subject_id,
        scopes=("conversations:read",),
        tenant_is_demo=False,
    )


@pytest.mark.parametrize("kind", KINDS)
def test_to_verify_is_one_query(acme, kind):
    issued = issue(acme, kind)

    for _ in range(2):
        with CaptureQueriesContext(connections["default"]) as queries:
            credentials.verify(issued.secret, kinds=KINDS)
        assert len(queries) == 1


@pytest.mark.parametrize(
    ("kind", "prefix"),
    [
        (Kind.WIDGET_TOKEN, "wt_"),
        (Kind.API_KEY, "sk_"),
        (Kind.WEB_INTEGRATION_TOKEN, "wi_"),
        (Kind.BUBBLE_TOKEN, "eyJ"),
        (Kind.API_TOKEN, "eyJ"),
    ],
)
def test_a_credential_looks_as_documented_and_is_not_stored_readably(acme, kind, prefix):
    issued = issue(acme, kind)
    row = Credential.objects.filter(pk=issued.credential.pk).values().get()

    assert issued.secret.startswith(prefix)
    assert len(issued.secret) >= 35
    assert issued.secret not in json.dumps(row, default=str)
    assert issued.secret not in repr(issued.credential)


@pytest.mark.parametrize("kind", SHOWN_AGAIN)
def test_it_can_be_shown_again(acme, kind):
    issued = issue(acme, kind)

    assert credentials.reveal(Credential.objects.get(pk=issued.credential.pk)) == issued.secret


def test_an_api_key_is_shown_once(acme):
    issued = issue(acme, Kind.API_KEY)

    assert Credential.objects.get(pk=issued.credential.pk).sealed == ""
    with pytest.raises(Conflict):
        credentials.reveal(issued.credential)


@pytest.mark.parametrize("kind", JWT_KINDS)
def test_a_signed_token_names_tenant_subject_credential_and_scope(acme, kind):
    issued = issue(acme, kind)

    claims = jwt.decode(issued.secret, options={"verify_signature": False})

    assert claims == {
        "jti": str(issued.credential.pk),
        "tenant": str(acme.id),
        "sub": str(issued.credential.subject_id),
        "scope": "visitor" if kind == Kind.BUBBLE_TOKEN else "server",
        "aud": "visitor" if kind == Kind.BUBBLE_TOKEN else "server",
        "typ": "bubble" if kind == Kind.BUBBLE_TOKEN else "api",
        "iat": int(issued.credential.created_at.timestamp()),
    }


@pytest.mark.parametrize("kind", JWT_KINDS)
def test_a_signed_token_speaks_for_something(acme, kind):
    with pytest.raises(ValueError, match="speaks for"):
        credentials.issue(acme, kind)

    assert not Credential.objects.filter(tenant=acme).exists()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"revoked_at": ago(seconds=1)}, "invalid_credentials"),
        ({"expires_at": ago(seconds=1)}, "invalid_credentials"),
        ({"revoked_at": ago(days=9), "expires_at": ago(days=9)}, "invalid_credentials"),
        ({"expires_at": ago(hours=-1)}, None),
    ],
)
def test_an_ended_credential_is_worth_nothing(acme, kind, fields, code):
    issued = issue(acme, kind)
    change(issued, **fields)

    assert code_of(issued.secret) == code


@pytest.mark.parametrize("kind", KINDS)
def test_a_deleted_credential_is_worth_nothing(acme, kind):
    issued = issue(acme, kind)
    Credential.objects.filter(pk=issued.credential.pk).delete()

    assert code_of(issued.secret) == "invalid_credentials"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("asked", KINDS)
def test_a_credential_of_another_kind_is_worth_nothing(acme, kind, asked):
    assert code_of(issue(acme, kind).secret, asked) == (
        None if kind == asked else "invalid_credentials"
    )


@pytest.mark.parametrize("kind", KINDS)
def test_a_suspended_tenants_credentials_are_refused_as_such(acme, globex, kind):
    issued, other = issue(acme, kind), issue(globex, kind)
    acme.suspended_at = timezone.now()
    acme.save()

    assert code_of(issued.secret) == "tenant_suspended"
    assert code_of(other.secret) is None


@pytest.mark.parametrize(
    "text",
    [
        *("", "\0", "\ud800", ".", "..", "x", "a.b.c", "eyJ", "Bearer x", "sk_' OR 1=1 --"),
        *("wt_", "sk_", "wi_", "wt_ü", "wt_\ud800", "wt_" + "a" * 32, "wt_" + "a" * 100_000),
        "eyJ" + "." * 50_000,
    ],
)
def test_nonsense_is_worth_nothing(text):
    assert code_of(text) == "invalid_credentials"


@pytest.mark.parametrize("kind", KINDS)
def test_a_credential_with_one_character_changed_is_worth_nothing(acme, kind):
    secret = issue(acme, kind).secret

    for position in (*range(3, len(secret), 7), len(secret) - 1):
        other = "A" if secret[position] != "A" else "B"
        assert code_of(secret[:position] + other + secret[position + 1 :]) == "invalid_credentials"
    for spelling in (secret + "=", secret + "A", secret[:-1], " " + secret, secret + "\n"):
        assert code_of(spelling) == "invalid_credentials"


def encoded(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def part(value):
    return encoded(json.dumps(value).encode())


@pytest.mark.parametrize("kind", JWT_KINDS)
def test_a_forged_token_is_worth_nothing(acme, globex, kind):
    secret = issue(acme, kind).secret
    header, payload, signature = secret.split(".")
    claims = jwt.decode(secret, options={"verify_signature": False})
    aud, other_aud = claims["aud"], {"visitor": "server", "server": "visitor"}[claims["aud"]]
    right, wrong = keys_for(f"jwt:{aud}")[0], keys_for(f"jwt:{other_aud}")[0]

    strong = f"{part({'alg': 'HS512', 'typ': 'JWT'})}.{payload}"
    forged = [
        f"{part({'alg': 'none', 'typ': 'JWT'})}.{payload}.",
        f"{part({'alg': 'none', 'typ': 'JWT'})}.{payload}.{signature}",
        f"{header}.{part({**claims, 'tenant': str(globex.id)})}.{signature}",
        f"{strong}.{encoded(hmac.digest(right, strong.encode(), 'sha512'))}",
        jwt.encode(claims, wrong, algorithm="HS256"),
        jwt.encode(claims, b"guessed" * 5, algorithm="HS256"),
        jwt.encode({**claims, "aud": other_aud}, right, algorithm="HS256"),
        jwt.encode({**claims, "aud": [other_aud]}, right, algorithm="HS256"),
        jwt.encode({**claims, "typ": "access"}, right, algorithm="HS256"),
        jwt.encode({**claims, "exp": 1}, right, algorithm="HS256"),
        jwt.encode({**claims, "iat": 4_000_000_000}, right, algorithm="HS256"),
        jwt.encode({**claims, "tenant": str(globex.id)}, right, algorithm="HS256"),
        jwt.encode({**claims, "jti": str(uuid7())}, right, algorithm="HS256"),
        jwt.encode({k: v for k, v in claims.items() if k != "aud"}, right, algorithm="HS256"),
        jwt.encode({k: v for k, v in claims.items() if k != "typ"}, right, algorithm="HS256"),
    ]

    assert {code_of(text) for text in forged} == {"invalid_credentials"}


def test_tokens_signed_with_an_earlier_secret_key_still_work(acme, settings):
    secrets = [issue(acme, kind).secret for kind in KINDS]
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "a new one", [settings.SECRET_KEY]
    assert {code_of(secret) for secret in secrets} == {None}

    settings.SECRET_KEY_FALLBACKS = []
    assert [code_of(secret) for secret in secrets] == [
        "invalid_credentials" if secret.startswith("eyJ") else None for secret in secrets
    ]


@pytest.mark.parametrize(
    ("origins", "origin", "code"),
    [
        ([], None, None),
        ([], PAGE, "origin_not_allowed"),
        ([], "null", "origin_not_allowed"),
        ([], "", "origin_not_allowed"),
        ([PAGE], PAGE, None),
        ([PAGE], None, None),
        ([PAGE], "https://evil.example", "origin_not_allowed"),
        ([PAGE], "null", "origin_not_allowed"),
        (["https://*.example"], PAGE, None),
    ],
)
def test_an_api_key_in_a_page_needs_that_pages_origin(acme, origins, origin, code):
    secret = issue(acme, Kind.API_KEY, origins=origins).secret

    assert code_of(secret, origin=origin) == code


@pytest.mark.parametrize(("origins", "code"), [([], None), ([PAGE], "origin_not_allowed")])
def test_other_credentials_heed_the_origins_that_they_list(acme, origins, code):
    secret = issue(acme, Kind.WEB_INTEGRATION_TOKEN, origins=origins).secret

    assert code_of(secret, origin="https://evil.example") == code


def test_scopes_are_those_given_or_all():
    def grant(*scopes):
        return Grant(uuid7(), Kind.API_KEY, uuid7(), None, scopes, tenant_is_demo=False)

    assert not grant().allows("conversations:read")
    assert grant("conversations:read").allows("conversations:read")
    assert not grant("conversations:read").allows("conversations:write")
    assert grant(EVERY_SCOPE).allows("anything")


@pytest.mark.parametrize("kind", KINDS)
def test_a_rotated_credential_works_beside_the_new_one_for_the_grace_period(acme, kind):
    old = issue(acme, kind, name="Shop", scopes=["a"], origins=[PAGE])
    before = timezone.now()

    new = credentials.rotate(old.credential)

    assert (code_of(old.secret), code_of(new.secret)) == (None, None)
    ends = Credential.objects.get(pk=old.credential.pk).expires_at
    assert timedelta(hours=24) <= ends - before < timedelta(hours=24, seconds=5)
    assert new.credential.expires_at is None
    for field in ("kind", "name", "subject_id", "scopes", "origins", "tenant_id"):
        assert getattr(new.credential, field) == getattr(old.credential, field)

    change(old, expires_at=ago(seconds=1))
    assert (code_of(old.secret), code_of(new.secret)) == ("invalid_credentials", None)


@pytest.mark.parametrize("kind", KINDS)
def test_without_grace_the_old_one_ends_at_once(acme, kind):
    old = issue(acme, kind)

    new = credentials.rotate(old.credential, grace=timedelta())

    assert (code_of(old.secret), code_of(new.secret)) == ("invalid_credentials", None)


def test_at_most_two_of_a_family_work(acme):
    family = [issue(acme, Kind.API_KEY)]
    for _ in range(3):
        family.append(credentials.rotate(family[-1].credential))

    assert [code_of(member.secret) is None for member in family] == [False, False, True, True]


def test_only_the_current_one_can_be_rotated(acme):
    old, ended = issue(acme, Kind.API_KEY), issue(acme, Kind.API_KEY)
    credentials.rotate(old.credential)
    credentials.revoke(ended.credential)

    for credential in (old.credential, ended.credential):
        with pytest.raises(Conflict):
            credentials.rotate(credential)


def test_of_two_who_rotate_at_once_one_succeeds(acme):
    old = issue(acme, Kind.API_KEY)

    def rotate(_):
        try:
            return credentials.rotate(old.credential)
        except Conflict:
            return None
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as threads:
        made = [issued for issued in threads.map(rotate, range(8)) if issued]

    assert len(made) == 1
    assert Credential.objects.filter(tenant=acme).count() == 2


def test_a_rotated_credential_never_lives_longer_and_its_heir_as_long(acme):
    soon = timezone.now() + timedelta(hours=1)
    old = issue(acme, Kind.API_KEY, expires_at=soon)
    change(old, created_at=soon - timedelta(days=90))

    new = credentials.rotate(old.credential)

    assert Credential.objects.get(pk=old.credential.pk).expires_at == soon
    assert abs(new.credential.expires_at - timezone.now() - timedelta(days=90)) < timedelta(
        minutes=1
    )


@pytest.mark.parametrize("grace", [timedelta(days=7, seconds=1), timedelta(seconds=-1)])
def test_a_grace_period_is_at_most_seven_days(acme, grace):
    issued = issue(acme, Kind.API_KEY)

    with pytest.raises(ValueError, match="seven days"):
        credentials.rotate(issued.credential, grace=grace)

    assert Credential.objects.filter(tenant=acme).count() == 1


@pytest.mark.parametrize("kind", KINDS)
def test_to_revoke_ends_a_credential_for_good(acme, kind):
    issued, other = issue(acme, kind), issue(acme, kind)

    credentials.revoke(issued.credential)
    first = issued.credential.revoked_at
    credentials.revoke(issued.credential)

    assert (code_of(issued.secret), code_of(other.secret)) == ("invalid_credentials", None)
    assert issued.credential.revoked_at == first


def test_every_change_is_audited_without_the_secret(acme, globex):
    old = issue(acme, Kind.API_KEY, actor="ada@acme.example")
    new = credentials.rotate(old.credential, actor="ada@acme.example")
    credentials.revoke(new.credential, actor="ada@acme.example")
    credentials.revoke(new.credential, actor="ada@acme.example")

    assert audited(acme) == ["credential.issued", "credential.rotated", "credential.revoked"]
    assert audited(globex) == []
    with tenant_scope(acme.id):
        written = json.dumps(list(AuditEntry.objects.values()), default=str)
        assert {entry.actor for entry in AuditEntry.objects.all()} == {"ada@acme.example"}
    assert old.secret not in written
    assert new.secret not in written


def last_used(issued):
    last_use.written()
    return Credential.objects.get(pk=issued.credential.pk).last_used_at


def test_the_last_use_is_written_to_the_minute(acme):
    issued, unused = issue(acme, Kind.API_KEY), issue(acme, Kind.API_KEY)
    before = timezone.now()

    credentials.verify(issued.secret, kinds=KINDS)
    first = last_used(issued)
    credentials.verify(issued.secret, kinds=KINDS)

    assert before <= first <= timezone.now()
    assert last_used(issued) == first
    assert last_used(unused) is None


def test_a_use_a_minute_later_is_written_again(acme):
    issued = issue(acme, Kind.API_KEY)
    change(issued, last_used_at=ago(seconds=61))

    credentials.verify(issued.secret, kinds=KINDS)

    assert last_used(issued) > ago(seconds=30)


def test_a_refused_use_is_no_use(acme):
    issued = issue(acme, Kind.API_KEY)
    code_of(issued.secret, Kind.WIDGET_TOKEN)
    code_of(issued.secret, origin=PAGE)
    change(issued, revoked_at=timezone.now())
    code_of(issued.secret)

    assert last_used(issued) is None


def test_the_strict_reading_of_a_token_type():
    claims = {"sid": "1"}
    text = tokens.sign(claims, token_type=tokens.ACCESS)

    assert tokens.read(text, token_type=tokens.ACCESS)["sid"] == "1"
    for other in (tokens.REFRESH, tokens.BUBBLE, tokens.API):
        with pytest.raises(Unauthorized):
            tokens.read(text, token_type=other)
