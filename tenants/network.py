"""Where a caller comes from: its address behind trusted proxies, and its page's origin."""

import ipaddress
import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any

import idna
from django.conf import settings
from django.http import HttpRequest
from django.http.request import split_domain_port, validate_host

DEFAULT_PORTS = {"http": "80", "https": "443"}
ORIGIN = re.compile(r"([a-z][a-z0-9+.-]*)://(\[[0-9a-f:.]+\]|[^\s/\\?#@:\[\]%]+)(?::([0-9]{1,5}))?")
HOST = re.compile(r"[a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?")
ADDRESS_WITH_PORT = re.compile(r"(?:\[([^\]]*)\]|([0-9.]+))(?::[0-9]{1,5})?")


def client_ip(scope: Mapping[str, Any]) -> str | None:
    """The caller's address from an ASGI scope, as our own proxies saw it; None if it has none."""
    forwarded = [value for name, value in scope["headers"] if name == b"x-forwarded-for"]
    peer = (scope.get("client") or ("",))[0]
    return _address(peer, [value.decode("latin-1") for value in forwarded])


def request_ip(request: HttpRequest) -> str | None:
    """The same from a Django request, or from DRF's wrapper of one."""
    forwarded = request.META.get("HTTP_X_FORWARDED_FOR", "")
    return _address(request.META.get("REMOTE_ADDR", ""), [forwarded])


def ip_bucket(ip: str | None) -> str:
    """What counts as one caller for limits: an address, or the /64 that one IPv6 customer gets."""
    address = _parsed(ip or "")
    if address is None:
        return "unknown"
    if address.version == 6:
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)


def origin_allowed(
    origin: str | None, allowed: Collection[str], domains: Collection[str] = ()
) -> bool:
    """Whether a page of ``origin`` may use what these lists guard.

    ``allowed`` holds exact origins, whose host may start with ``*.``; ``domains`` hosts that stand
    for themselves and their subdomains. Two empty lists guard nothing. No origin is no browser,
    or the page's own server: this keeps pages out and nobody else.
    """
    if origin is None or not (allowed or domains):
        return True
    if origin == "null":
        return "null" in allowed
    if "*" in origin or not origin.isascii():
        return False
    normal = normal_origin(origin)
    return normal is not None and (
        any(_matches(normal, pattern) for pattern in allowed)
        or any(_is_within(_host_of(normal), domain) for domain in domains)
    )


def is_own_origin(origin: str | None, scheme: str, host: str) -> bool:
    """Whether a page of this very server asks: one that came from where the request went."""
    if not origin or origin == "null":
        return False
    normal = normal_origin(origin)
    if normal is not None and normal == normal_origin(settings.PUBLIC_URL):
        return True
    return (
        normal is not None
        and normal == normal_origin(f"{scheme}://{host}")
        and validate_host(split_domain_port(host.lower())[0], settings.ALLOWED_HOSTS)
    )


def normal_origin(text: str) -> str | None:
    """The one spelling of an origin, or of a pattern for some; None for anything else."""
    match = ORIGIN.fullmatch(text.lower())
    if match is None:
        return None
    scheme, host, port = match.groups()
    host = normal_host(host)
    if host is None or (port and not 0 < int(port) < 65536):
        return None
    suffix = f":{int(port)}" if port and port != DEFAULT_PORTS.get(scheme) else ""
    return f"{scheme}://{host}{suffix}"


def normal_host(text: str) -> str | None:
    """The one spelling of a host name, as browsers send it: lower case and ASCII."""
    if text.startswith("["):
        return _bracketed(text)
    prefix, name = ("*.", text[2:]) if text.startswith("*.") else ("", text)
    try:
        name = name.lower() if name.isascii() else idna.encode(name, uts46=True).decode()
    except idna.IDNAError:
        return None
    if len(name) > 253 or ".." in name or not HOST.fullmatch(name):
        return None
    return prefix + name


def _bracketed(text: str) -> str | None:
    try:
        return f"[{ipaddress.IPv6Address(text.strip('[]'))}]"
    except ValueError:
        return None


def _matches(origin: str, pattern: str) -> bool:
    normal = normal_origin(pattern.strip())
    if normal is None or "*." not in normal:
        return normal == origin
    scheme, _, rest = normal.partition("://*.")
    # Anchored on a label border: *.example.com is neither example.com nor badexample.com.
    return origin.startswith(f"{scheme}://") and origin.endswith(f".{rest}")


def _host_of(origin: str) -> str:
    host = origin.partition("://")[2]
    return host if host.startswith("[") else host.partition(":")[0]


def _is_within(host: str, domain: str) -> bool:
    normal = normal_host(domain.strip())
    return normal is not None and (host == normal or host.endswith(f".{normal}"))


def _address(peer: str, forwarded: Iterable[str]) -> str | None:
    """What the outermost of our proxies appended; whatever stands left of it may be a lie."""
    trusted = settings.TRUSTED_PROXY_COUNT
    entries = [entry for value in forwarded for entry in value.split(",")]
    address = _parsed(entries[-trusted]) if 0 < trusted <= len(entries) else None
    address = address or _parsed(peer)
    return str(address) if address else None


def _parsed(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    text = text.strip()
    if match := ADDRESS_WITH_PORT.fullmatch(text):
        text = match[1] or match[2]
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address
