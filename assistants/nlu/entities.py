"""Entities that have a form: they are found by patterns, and checked where there is a check."""

import ipaddress
import re
from collections.abc import Callable, Iterable, Iterator

from assistants.nlu import calendar_days
from assistants.nlu.shape import Entity
from tenants.personal_data import Span, cards, emails, ibans

MOST_ENTITIES = 100
Find = Callable[[str], Iterator[Span]]

URL = re.compile(r"(?<![\w@.])(?:https?://|www\.)[^\s<>\"“”«»]{2,2000}", re.IGNORECASE)
URL_END = ".,;:!?'’)]}*_"
IPV4 = re.compile(r"(?<![\w.])[0-9]{1,3}(?:\.[0-9]{1,3}){3}(?![\w-]|\.\w)")
IPV6 = re.compile(r"(?<![\w:.])[0-9A-Fa-f:]{2,39}(?![\w:])")
GROUPED = r"[0-9]{1,3}(?:[.,' ’\u00a0][0-9]{3}){0,4}"
NUMBER = rf"(?:{GROUPED}(?:[.,][0-9]{{1,2}})?|[0-9]{{1,12}}(?:[.,][0-9]{{1,2}})?)"
# Most codes are words too, when they are written small: “try 5 times”.
CURRENCY = (
    r"(?:[€$£¥₺₹₽₴₪﷼]|(?:US|CA|A|R)\$|zł|kr|Fr\.|د\.إ|ر\.س|درهم|ريال|جنيه|دينار"
    r"|TRY|TL|SEK|NOK|DKK|CZK|HUF|JPY|CNY|INR|BRL|CAD|AUD|AED|SAR|EGP|MAD|TND"
    r"|(?i:EUR|USD|GBP|CHF|PLN))"
)
NAME = (
    r"(?i:euros?|dollars?|dólares|dollari|pounds?|pfund|francs?|franken|złot(?:ych|e|y)|lir[ae]s?"
    r"|liras[ıi])"
)
MONEY = re.compile(
    rf"(?<![\w.,])(?:{CURRENCY} ?{NUMBER}(?!\w|[.,][0-9])|{NUMBER} ?(?:{CURRENCY}|{NAME})(?!\w))"
)
ORDER = re.compile(
    r"(?<!\w)(?:orders?|purchase|bestell(?:ung|nummer)\w*|auftrag\w*|commande|pedido|orden|compra"
    r"|bestelling|bestelnummer|ordine|encomenda|zam[oó]wieni\w{1,4}|sipari[sş]\w{0,4}|(?:ال)?طلب)"
    r"(?:[ -]?(?:numbers?|nummer|num[eé]ro|n[uú]mero|numer|numaras[ıi]|no|nr|n|id|رقم))?"
    r"[.:# °º]{0,4}(?P<id>[A-Za-z0-9][A-Za-z0-9-]{2,24})(?![\w-])",
    re.IGNORECASE,
)
ORDER_FORM = re.compile(
    r"(?<![\w#&/-])(?:#(?P<id>[0-9]{4,12})|(?:ORD|ORDER|PO|SO|RMA)-?[0-9]{3,15})\b"
)
PHONE = re.compile(r"(?<![\w.,/+-])(?:\+|\(\+?)?[0-9](?:[ ()./-]{0,2}[0-9]){6,40}(?!\w)")
MOST_DIGITS = 15


def entities(text: str) -> list[Entity]:
    """What was found, in the order of the text; where two overlap, the surer kind stays."""
    return kept(text, ((kind, span) for kind, find in FINDERS.items() for span in find(text)))


def kept(text: str, found: Iterable[tuple[str, Span]]) -> list[Entity]:
    """Those that overlap none before them, sorted by where they stand."""
    taken: list[Entity] = []
    for kind, (start, end) in found:
        is_free = all(end <= one["start"] or one["end"] <= start for one in taken)
        if is_free and len(taken) < MOST_ENTITIES:
            taken.append(Entity(type=kind, value=text[start:end], start=start, end=end))
    return sorted(taken, key=lambda one: one["start"])


def _urls(text: str) -> Iterator[Span]:
    for match in URL.finditer(text):
        yield match.start(), match.start() + len(match.group().rstrip(URL_END))


def _ips(text: str) -> Iterator[Span]:
    for pattern in (IPV4, IPV6):
        for match in pattern.finditer(text):
            if _is_ip(match.group()):
                yield match.span()


def _is_ip(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return any(letter.isdigit() for letter in text)


def _money(text: str) -> Iterator[Span]:
    return (match.span() for match in MONEY.finditer(text))


def _orders(text: str) -> Iterator[Span]:
    """A number behind a word for an order, or one that looks like nothing else."""
    for match in ORDER.finditer(text):
        if any(letter.isdigit() for letter in match["id"]):
            yield match.span("id")
    for match in ORDER_FORM.finditer(text):
        yield match.span("id") if match["id"] else match.span()


def _phones(text: str) -> Iterator[Span]:
    """Digits alone may be anything: a sign in front or between tells a number to call."""
    return (match.span() for match in PHONE.finditer(text) if _is_phone(match.group()))


def _is_phone(number: str) -> bool:
    groups = re.findall("[0-9]+", number)
    if sum(map(len, groups)) > MOST_DIGITS or calendar_days.IN_FIGURES.fullmatch(number):
        return False
    if any(len(group) < 2 for group in groups[1:]):
        return False
    return number[0] in "+(0" or (len(groups) > 2 and max(map(len, groups)) > 2)


# The surer a form is, the earlier it comes.
FINDERS: dict[str, Find] = {
    "url": _urls,
    "email": emails,
    "iban": ibans,
    "card": cards,
    "ip": _ips,
    "date": calendar_days.spans,
    "money": _money,
    "order_id": _orders,
    "phone": _phones,
}
TYPES = tuple(FINDERS)
