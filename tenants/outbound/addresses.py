"""Which addresses a tenant may have us call: what a form can tell, and what a lookup found."""

import socket
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import httpx2
from django.conf import settings

from tenants.errors import BadRequest
from tenants.network import normal_host

Address = IPv4Address | IPv6Address

DEFAULT_PORTS = {"https": 443, "http": 80}
PORTS = {"https": (443, 8443), "http": (80,)}
LOCAL_NAMES = (".localhost", ".local", ".internal", ".home.arpa")
NOT_WHOLE = "The address must be a whole one, such as https://example.com/."
UNICAST = ip_network("2000::/3")
NAT64 = ip_network("64:ff9b::/96")
# Global by the book, and yet answered by the network that we run in: clouds' metadata services.
INSIDE = [ip_network(text) for text in ("192.0.0.0/24", "168.63.129.16/32", "192.88.99.0/24")]


def check_url(url: str | httpx2.URL, *, allow_http: bool = False) -> httpx2.URL:
    """Refuse what could never be called, without looking anything up, and return the rest parsed.

    Raises BadRequest ``url_not_allowed``. What a name resolves to is checked when it is called.
    """
    try:
        parsed = httpx2.URL(url)
    except httpx2.InvalidURL:
        raise refused(NOT_WHOLE) from None
    host = parsed.raw_host.decode("ascii")
    if parsed.scheme not in DEFAULT_PORTS or not _is_host(host):
        raise refused(NOT_WHOLE)
    if parsed.userinfo:
        raise refused("The address must not hold a user name or a password.")
    if not is_internal(host, port_of(parsed)):
        _check_scheme(parsed, allow_http=allow_http)
        if is_private_name(host):
            raise private(host)
    return parsed


def port_of(url: httpx2.URL) -> int:
    return DEFAULT_PORTS[url.scheme] if url.port is None else url.port


def is_internal(host: str, port: int) -> bool:
    """Whether the operator allows this host, be it wherever it may, by name or by name and port."""
    name = f"[{host}]" if ":" in host else host.lower()
    spellings = {f"{name}:{port}"}
    if any(port in ports for ports in PORTS.values()):
        spellings.add(name)
    return not spellings.isdisjoint(entry.lower() for entry in settings.INTERNAL_HOSTS)


def is_private_name(host: str) -> bool:
    """Whether a host is private whatever a lookup says: a number, or a name of local networks."""
    if address := _numeric(host):
        return not is_public(address)
    return "." not in host or host.endswith(LOCAL_NAMES)


def is_public(address: Address) -> bool:
    """Whether packets to this address, and to whatever address it stands for, leave our network."""
    if embedded := _embedded(address):
        return all(is_public(each) for each in embedded)
    if address.version == 6 and address not in UNICAST:
        return False
    refused = address.is_multicast or address.is_reserved or any(address in net for net in INSIDE)
    return address.is_global and not refused


def private(host: str) -> BadRequest:
    return refused(
        f"{host} is in a private network. Use a public address, or let the operator of this "
        "installation add the host to INTERNAL_HOSTS."
    )


def refused(sentence: str) -> BadRequest:
    return BadRequest(sentence, code="url_not_allowed")


def _check_scheme(url: httpx2.URL, *, allow_http: bool) -> None:
    if url.scheme == "http" and not allow_http:
        raise refused(
            "The address must begin with https://. For a server in your own network, let the "
            "operator of this installation add its host and port to INTERNAL_HOSTS."
        )
    if port_of(url) not in PORTS[url.scheme]:
        ports = " or ".join(map(str, PORTS[url.scheme]))
        raise refused(
            f"The address must use port {ports}, not {url.port}, unless the operator of this "
            "installation adds the host with its port to INTERNAL_HOSTS."
        )


def _is_host(host: str) -> bool:
    if ":" in host:
        return normal_host(f"[{host}]") is not None and "%" not in host
    return normal_host(host) is not None


def _numeric(host: str) -> Address | None:
    """The address that a host is, in any of the spellings that the system understands: 127.1."""
    try:
        found = socket.getaddrinfo(host, None, flags=socket.AI_NUMERICHOST)
    except (OSError, UnicodeError):
        return None
    return ip_address(str(found[0][4][0]))


def _embedded(address: Address) -> list[IPv4Address]:
    """The IPv4 addresses that an IPv6 address is translated or tunnelled to on its way."""
    if isinstance(address, IPv4Address):
        return []
    if address in NAT64:
        return [IPv4Address(int(address) & 0xFFFFFFFF)]
    # Teredo's tunnels are not global to begin with.
    return [each for each in (address.ipv4_mapped, address.sixtofour) if each is not None]
