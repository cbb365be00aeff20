"""What each language's phrases consist of."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Phrases:
    """One language's texts to say, and patterns of what its speakers write.

    A pattern is a regular expression of folded words with one space between them. Its line breaks
    mean nothing; ``<person>`` and ``<machine>`` stand for the patterns of that name.
    """

    # Said to visitors.
    talk_to_a_person: str
    you_are_welcome: str
    until_next_time: str
    # Before a passage, with the ``{title}`` of where it was found.
    quoted_from: str
    # Where the owner wrote nothing else; the introduction is one with the tenant's ``{name}``.
    welcome: str
    introduction: str
    offer_text: str
    handover_text: str
    unanswered_text: str
    # Of what a tool was to do.
    unapproved: str
    # Whole messages that are nothing but a courtesy.
    greeting: str
    thanks: str
    goodbye: str
    # What a wish may begin and end with, without being one.
    opening: str
    closing: str
    # Whom one may want to speak to, and whom not.
    person: str
    machine: str
    # A wish anywhere in a sentence that begins with it or speaks of oneself.
    reaching: str
    oneself: str
    # A wish that is a clause of its own.
    wanting: str
    # A wish as well: to refuse a machine.
    spurning: str
    # No wish: it is refused, it is about others, or about another way to reach somebody.
    refusing: str
    others: str
    elsewhere: str
