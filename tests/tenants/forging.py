"""Signed tokens that are not what they seem."""

import base64
import hmac
import json

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa


def part(value):
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def signed(header, payload, key, digest="sha256"):
    text = f"{part(header)}.{part(payload)}"
    return f"{text}.{part(hmac.digest(key, text.encode(), digest))}"


def claims_of(text):
    return jwt.decode(text, options={"verify_signature": False})


def rsa_pair():
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return key, public


def without_the_key(text, other):
    """Forgeries by somebody who holds good tokens, ``other`` of another tenant, and no key."""
    header, payload, signature = text.split(".")
    claims, head = claims_of(text), {"alg": "HS256", "typ": "JWT"}
    private, public = rsa_pair()
    ids = {name: claims_of(other)[name] for name in ("sid", "jti", "tenant") if name in claims}
    twice = json.dumps(claims).replace("{", '{"typ": "access", ', 1).encode()
    secret = b"another installation's secret key"
    own_key = {"kty": "oct", "k": part(secret)}
    return {
        "no algorithm": f"{part({**head, 'alg': 'none'})}.{payload}.",
        "no algorithm, signed": f"{part({**head, 'alg': 'None'})}.{payload}.{signature}",
        "no algorithm at all": f"{part({'typ': 'JWT'})}.{payload}.{signature}",
        "an RSA signature": jwt.encode(claims, private, algorithm="RS256"),
        "a public key as the secret": signed(head, claims, public),
        "a weak key": signed(head, claims, b""),
        "a guessed key": signed(head, claims, b"secret"),
        "another installation's key": signed(head, claims, secret),
        "another signature": f"{header}.{payload}.{other.split('.')[2]}",
        "another tenant's ids": f"{header}.{part({**claims, **ids})}.{signature}",
        "claims given twice": f"{header}.{part(twice)}.{signature}",
        "one part too many": f"{text}.{signature}",
        "one part too few": f"{header}.{payload}",
        "encrypted in name": f"{header}..{payload}.{signature}.{signature}",
        "no base64": f"{header}.{payload[:-1]}!.{signature}",
        "padded": f"{header}.{payload}.{signature}=",
        "a line break": f"{header}.{payload}.\n{signature}",
        "a NUL": f"{text}\0",
        "wide letters": text.replace("e", "\uff45"),
        "half": text[: len(text) // 2],
        "a key beside it": signed({**head, "jwk": own_key}, claims, secret),
        "a key elsewhere": signed({**head, "jku": "https://evil.example/k"}, claims, secret),
        "a huge key id": signed({**head, "kid": "k" * 1000}, claims, secret),
        "a key id that is a path": signed({**head, "kid": "../../../dev/null"}, claims, b""),
        "a key id that is SQL": signed({**head, "kid": "' UNION SELECT 'x"}, claims, b"x"),
        "a key id that is none": signed({**head, "kid": {}}, claims, secret),
        "very long": signed(head, {**claims, "x": "x" * 100_000}, secret),
        "very deep": signed(head, b'{"a":' * 400 + b"1" + b"}" * 400, secret),
        "no object": signed(head, [], secret),
        "nothing": "..",
    }
