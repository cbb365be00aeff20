"""Reads settings from the environment; an unreadable value stops the start with one line."""

import os
import re
from email.utils import parseaddr
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

TRUE = {"1", "true", "yes", "on"}
FALSE = {"0", "false", "no", "off"}
MAIL_ADDRESS = re.compile(r"[^\s@<>,;]+@[\w.-]+")
HOST_AND_PORT = re.compile(r"(\[[0-9a-fA-F:.]+\]|[\w.-]+)(:\d{1,5})?", re.ASCII)


class SettingError(SystemExit):
    """Ends the process with one line on standard error."""

    def __init__(self, name: str, problem: str) -> None:
        super().__init__(f"Setting {name} {problem}")


def env_text(name: str, default: str = "") -> str:
    """The setting, or ``default`` where it is missing or empty."""
    value = os.environ.get(name, "").strip() or default
    if "\0" in value or "\n" in value:
        raise SettingError(name, "must be a single line of text.")
    return value


def env_bool(name: str, default: bool = False) -> bool:
    value = env_text(name).lower()
    if not value:
        return default
    if value in TRUE | FALSE:
        return value in TRUE
    raise SettingError(name, f"must be one of 1/0, true/false, yes/no, on/off, not {value!r}.")


def env_int(name: str, default: int, *, at_least: int = 0, at_most: int = 2**31) -> int:
    value = env_text(name)
    if not value:
        return default
    if re.fullmatch(r"\d{1,12}", value) and at_least <= int(value) <= at_most:
        return int(value)
    raise SettingError(name, f"must be a whole number from {at_least} to {at_most}, not {value!r}.")


def env_list(name: str, default: str = "") -> list[str]:
    return [item.strip() for item in env_text(name, default).split(",") if item.strip()]


def env_hosts(name: str) -> list[str]:
    hosts = env_list(name)
    for host in hosts:
        if not HOST_AND_PORT.fullmatch(host):
            raise SettingError(name, f"must list hosts as host or host:port, not {host!r}.")
    return hosts


def env_url(name: str, *, schemes: set[str], default: str = "") -> str:
    value = env_text(name, default)
    try:
        scheme = urlsplit(value).scheme
    except ValueError:
        raise SettingError(name, "has a host that is none.") from None
    if value and (scheme not in schemes or "://" not in value):
        raise SettingError(name, f"must be a URL starting with {' or '.join(sorted(schemes))}://.")
    return value


def env_mail_address(name: str) -> str:
    value = env_text(name)
    if value and not MAIL_ADDRESS.fullmatch(parseaddr(value)[1]):
        raise SettingError(name, f"must be one e-mail address, not {value!r}.")
    return value


def email_from_url(name: str, url: str) -> dict[str, Any]:
    """Turn ``smtp://user:password@host:587/?tls=1``, ``smtps://`` or ``file://`` into keys."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise SettingError(name, "has a port that is not a number.") from None
    query = dict(parse_qsl(parts.query))
    if query.keys() - {"tls"} or query.get("tls", "1") not in TRUE | FALSE:
        # A slip of the pen would send the password in the clear.
        raise SettingError(name, "knows no options but tls=1 and tls=0.")
    is_file, is_ssl = parts.scheme == "file", parts.scheme == "smtps"
    if not (parts.path if is_file else parts.hostname):
        raise SettingError(name, "must name a server, as in smtp://host:587/?tls=1, or a folder.")
    return {
        "FOLDER": unquote(parts.path) if is_file else "",
        "HOST": "" if is_file else parts.hostname,
        "PORT": port or (465 if is_ssl else 587 if query.get("tls") in TRUE else 25),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "TLS": not is_ssl and query.get("tls") in TRUE,
        "SSL": is_ssl,
    }


def database_from_url(name: str, url: str) -> dict[str, str]:
    """Turn ``postgresql://user:password@host:port/name?host=/socket/dir`` into Django's keys."""
    try:
        parts = urlsplit(url)
        port = str(parts.port or "")
    except ValueError:
        raise SettingError(name, "has a port that is not a number.") from None
    query = dict(parse_qsl(parts.query))
    if not parts.path.strip("/"):
        raise SettingError(name, "must name a database, as in postgresql://user@host/livechat.")
    return {
        "NAME": unquote(parts.path.strip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": query.get("host") or unquote(parts.hostname or ""),
        "PORT": query.get("port") or port,
    }
