"""What tells who somebody is, found by its form: addresses, accounts, cards, telephone numbers."""

import re
from collections.abc import Callable, Iterator

Span = tuple[int, int]

EMAIL = re.compile(r"(?<![\w.+'-])[\w.+'-]{1,64}@(?:[\w-]{1,63}\.){1,8}\w{2,24}(?![\w-])")
IBAN = re.compile(r"(?<!\w)[A-Za-z]{2}[0-9]{2}(?:[ -]?[A-Za-z0-9]){11,30}")
# Of the countries' account numbers (ISO 13616).
IBAN_LENGTHS = {
    country: int(length)
    for length, countries in {
        "15": "NO",
        "16": "BE",
        "18": "DK FO FI GL NL SD",
        "19": "MK SI",
        "20": "AT BA EE KZ LT LU MN XK",
        "21": "CH HR LI LV",
        "22": "BG BH CR DE GB GE IE ME RS VA",
        "23": "AE GI IL IQ OM SO TL",
        "24": "AD CZ ES MD PK RO SA SE SK TN VG",
        "25": "LY PT ST",
        "26": "IS TR",
        "27": "BI DJ FR GR IT MC MR SM",
        "28": "AL AZ BY CY DO GT HU LB NI PL SV",
        "29": "BR EG PS QA UA",
        "30": "JO KW MU",
        "31": "MT SC",
        "32": "LC",
        "33": "RU",
    }.items()
    for country in countries.split()
}
CARD = re.compile(r"(?<![\w+-])[2-6](?:[ -]?[0-9]){12,18}(?![\w-])")
# Only those that begin with a plus: others look like any other figures.
PHONE = re.compile(r"(?<![\w+])\+[0-9](?:[ ()./-]{0,2}[0-9]){6,14}(?!\w)")


def without_personal_data(text: str) -> str:
    """Put its kind in the place of every address, account, card and telephone number."""
    for kind, find in KINDS.items():
        for start, end in reversed(list(find(text))):
            text = f"{text[:start]}[{kind}]{text[end:]}"
    return text


def emails(text: str) -> Iterator[Span]:
    return (match.span() for match in EMAIL.finditer(text))


def ibans(text: str) -> Iterator[Span]:
    """By the length of the country, so that words behind a number are not taken for its end."""
    for match in IBAN.finditer(text):
        length = IBAN_LENGTHS.get(match.group()[:2].upper(), 0)
        places = [place for place in range(*match.span()) if text[place].isalnum()][:length]
        number = "".join(text[place] for place in places).upper()
        follows = text[places[-1] + 1 :][:1] if places else "x"
        if length and len(number) == length and not follows.isalnum() and _is_iban(number):
            yield places[0], places[-1] + 1


def _is_iban(number: str) -> bool:
    return int("".join(str(int(letter, 36)) for letter in number[4:] + number[:4])) % 97 == 1


def cards(text: str) -> Iterator[Span]:
    return (match.span() for match in CARD.finditer(text) if _is_card(match.group()))


def _is_card(number: str) -> bool:
    """By Luhn's check digit."""
    digits = [int(letter) for letter in number if letter.isdigit()][::-1]
    doubled = [sum(divmod(2 * digit, 10)) for digit in digits[1::2]]
    return (sum(digits[::2]) + sum(doubled)) % 10 == 0


def phones(text: str) -> Iterator[Span]:
    return (match.span() for match in PHONE.finditer(text))


KINDS: dict[str, Callable[[str], Iterator[Span]]] = {
    "email": emails,
    "iban": ibans,
    "card": cards,
    "phone": phones,
}
