"""What is known of languages by their codes alone, such as ``de`` or ``pt-BR``."""

RIGHT_TO_LEFT = {"ar", "ckb", "dv", "fa", "he", "ps", "sd", "ug", "ur", "yi"}


def base_of(language: str) -> str:
    return language.lower().partition("-")[0]


def direction_of(language: str) -> str:
    return "rtl" if base_of(language) in RIGHT_TO_LEFT else "ltr"
