"""What an answer says when it says more than is meant for whoever asked."""

from tests.servers import ROOT

WORDS = (
    "Traceback",
    'File "',
    ".py",
    "site-packages",
    str(ROOT),
    "django",
    "psycopg",
    "syntax error",
    "SELECT ",
    "INSERT INTO",
)


def leaks(text):
    """Such words in a text that somebody may read."""
    return [word for word in WORDS if word in text]
