"""What needs no knowledge: greetings, thanks, and the wish to speak to a person."""

import re

TALK_TO_A_PERSON = "Talk to a person"
YOU_ARE_WELCOME = "You are welcome. Is there anything else that you would like to know?"
UNTIL_NEXT_TIME = "All right. I am here if you would like to know anything else."
LONGEST = 80

SOMEBODY = (
    r"(?:(?:to|with|on|over|through|an?|the|your|some|another|any|just|real|live|actual|human|"
    r"support|sales|customer|service)\s+)*"
    r"(?:person|people|human|human being|agent|advis[eo]r|representative|rep|operator|someone|"
    r"somebody|staff|employee|team|support|service|helpdesk)\b"
)
REACHING = re.compile(
    rf"\b(?:talk|speak|chat|contact|reach|(?:connect|transfer|get|give|put|pass) (?:me|us))\s+"
    rf"{SOMEBODY}",
    re.IGNORECASE,
)
WANTING = re.compile(
    rf"(?:(?:(?:i|we) (?:want|need|would like)|is there|are there|get me|give me) )?{SOMEBODY}"
    rf"(?: (?:please|here|there|available|now|instead))*",
    re.IGNORECASE,
)
ONESELF = re.compile(r"\b(?:i|me|we|us|i'd|you)\b", re.IGNORECASE)
GREETING = re.compile(
    r"(?:hi|hello|hey|hiya|howdy|greetings|good (?:morning|afternoon|evening|day))"
    r"(?: (?:there|everyone|all|team|guys))?|any(?:body|one) (?:here|there)|"
    r"how are you(?: doing)?|what's up",
    re.IGNORECASE,
)
THANKS = re.compile(
    r"(?:(?:ok|okay|great|perfect|cool|awesome|super|nice|good|wonderful)[,.! ]+)*"
    r"(?:(?:many |no )?thanks?(?: you)?(?: (?:so|very) much| a lot)?|thx|ty|cheers)"
    r"(?:[,.! ]+(?:that helps|that helped|bye|goodbye|that is all|that's all|for your help))*",
    re.IGNORECASE,
)
GOODBYE = re.compile(
    r"(?:good ?bye|bye(?: bye)?|see you(?: later)?|have a (?:nice|good|great) day|"
    r"(?:no,? )?that(?:'s| is) all|ok(?:ay)?|great|perfect|cool|got it|i see)",
    re.IGNORECASE,
)


def asks_for_person(text: str) -> bool:
    """Whether the visitor wants a person; to ask how others reach one is a question like any."""
    words = re.sub(r"^(?:please|hi|hello|hey|ok|okay|no)\b[,.! ]*", "", _plain(text), flags=re.I)
    if len(words) > LONGEST:
        return False
    reaching = REACHING.search(words)
    for_oneself = reaching and (reaching.start() == 0 or ONESELF.search(words))
    return bool(for_oneself or WANTING.fullmatch(words))


def small_talk(text: str, *, greeting: str) -> str:
    """The answer to a message that is nothing but a courtesy, or an empty text."""
    words = _plain(text)
    if len(words) > LONGEST:
        return ""
    if GREETING.fullmatch(words):
        return greeting
    if THANKS.fullmatch(words):
        return YOU_ARE_WELCOME
    return UNTIL_NEXT_TIME if GOODBYE.fullmatch(words) else ""


def _plain(text: str) -> str:
    return " ".join(text.replace("’", "'").split()).strip(" .,!?:;)(-")
