"""Days of the calendar as people write them, in figures or with the name of the month."""

import re
from collections.abc import Iterator
from datetime import date

from assistants.phrases.folding import fold

# January to December, as they stand beside a day.
MONTHS = """
january february march april may june july august september october november december
jan feb mar apr may jun jul aug sep oct nov dec
januar februar marz april mai juni juli august september oktober november dezember
janner feber maerz apr mai jun jul aug sept okt nov dez
janvier fevrier mars avril mai juin juillet aout septembre octobre novembre decembre
enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre
januari februari maart april mei juni juli augustus september oktober november december
gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre
janeiro fevereiro marco abril maio junho julho agosto setembro outubro novembro dezembro
stycznia lutego marca kwietnia maja czerwca lipca sierpnia wrzesnia pazdziernika listopada grudnia
ocak subat mart nisan mayis haziran temmuz agustos eylul ekim kasim aralik
يناير فبراير مارس ابريل مايو يونيو يوليو اغسطس سبتمبر اكتوبر نوفمبر ديسمبر
"""
NUMBERS = {
    name: number for line in MONTHS.split("\n") for number, name in enumerate(line.split(), start=1)
}
YEAR = r"(?:19|20)[0-9]{2}"
IN_FIGURES = re.compile(
    r"(?<![\w.,/-])(?<!version )(?<!release )"
    rf"(?:(?P<year>{YEAR})(?P<iso>[-/.])(?P<m>[0-9]{{1,2}})(?P=iso)(?P<d>[0-9]{{1,2}})"
    rf"|(?P<first>[0-9]{{1,2}})(?P<mark>[-/.])(?P<second>[0-9]{{1,2}})(?P=mark)(?P<last>{YEAR}|[0-9]{{2}}))"
    r"(?![\w]|[-./][0-9])",
    re.IGNORECASE,
)
WORD = r"[^\W\d_]{3,12}"
IN_WORDS = re.compile(
    r"(?<![\w.,])(?:(?P<day>[0-9]{1,2})(?:st|nd|rd|th|er|º|\.)?(?: (?:of|de|di))? "
    rf"(?P<month>{WORD})"
    rf"|(?P<before>{WORD}) (?P<after>[0-9]{{1,2}})(?:st|nd|rd|th)?(?![\w:]))"
    rf"(?:\.?,?(?: de)? (?P<year>{YEAR})(?!\w))?",
    re.IGNORECASE,
)


def spans(text: str) -> Iterator[tuple[int, int]]:
    """Where days stand."""
    for pattern, is_day in ((IN_FIGURES, _is_in_figures), (IN_WORDS, _is_in_words)):
        place = 0
        while match := pattern.search(text, place):
            if is_day(match):
                yield match.span()
            # In “sizes 3 to 5 May”, what looks like a day begins inside of what is none.
            place = match.end() if is_day(match) else match.start() + 1


def _is_in_figures(match: re.Match[str]) -> bool:
    if match["year"]:
        return _exists(match["year"], match["m"], match["d"])
    year = match["last"] if len(match["last"]) == 4 else f"20{match['last']}"
    first, second = match["first"], match["second"]
    return _exists(year, second, first) or _exists(year, first, second)


def _is_in_words(match: re.Match[str]) -> bool:
    month = NUMBERS.get(fold(match["month"] or match["before"]))
    # Every year that is not named may be a leap year.
    return _exists(match["year"] or "2000", month or 0, match["day"] or match["after"])


def _exists(year: str, month: str | int, day: str) -> bool:
    try:
        date(int(year), int(month), int(day))
    except ValueError:
        return False
    return True
