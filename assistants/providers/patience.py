"""How long a model may take: another one answers instead, or a person."""

FIRST_WORD_SECONDS = 20.0
REQUEST_SECONDS = 45.0
