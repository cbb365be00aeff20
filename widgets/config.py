"""How a bubble looks and speaks: the schema of its settings, their defaults, and what is public."""

import re
from collections.abc import Mapping
from typing import Any
from zoneinfo import available_timezones

from django.core.exceptions import ValidationError
from rest_framework import serializers

from widgets.wording import TEXTS, is_own, own_words

DEFAULT_COLOR = "#2563EB"
COLOR = re.compile(r"#(?:[0-9A-Fa-f]{3}){1,2}")
TIME = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")
LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")
IMAGE = re.compile(r"(https?://|/(?!/))[^\s\"'<>\\]*")
# What would fetch from elsewhere or leave the style sheet; an escape could spell either.
UNSAFE_CSS = re.compile(r"@import|url\s*\(|image-set\s*\(|</|\\", re.IGNORECASE)
SELECTOR = re.compile(r"[^{}<\x00-\x1f]*")
LANGUAGES_LIMIT = 50
POSITIONS = ("bottom-right", "bottom-left", "bottom-center", "top-right", "top-left", "top-center")


class Strict(serializers.Serializer):
    """Refuses unknown names, so that a typing error is seen where it is made."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, Mapping) and (unknown := sorted(set(data) - set(self.fields))):
            raise serializers.ValidationError({str(unknown[0]): "There is no such setting."})
        return super().to_internal_value(data)


class Pattern(serializers.CharField):
    """A text that matches a pattern as a whole."""

    def __init__(self, pattern: re.Pattern[str], **options: Any) -> None:
        self.pattern = pattern
        super().__init__(**options)

    def to_internal_value(self, data: Any) -> str:
        text = super().to_internal_value(data)
        if text and not self.pattern.fullmatch(text):
            raise serializers.ValidationError("Not in the expected form.")
        return text


class Color(Pattern):
    def __init__(self, **options: Any) -> None:
        super().__init__(COLOR, **options)

    def to_internal_value(self, data: Any) -> str:
        return DEFAULT_COLOR if data == "default" else super().to_internal_value(data)


class Look(Strict):
    primaryColor = Color(default=DEFAULT_COLOR)
    textColor = Color(default="", allow_blank=True)
    title = serializers.CharField(max_length=100, allow_blank=True, default="")
    position = serializers.ChoiceField(POSITIONS, default="bottom-right")
    size = serializers.ChoiceField(("small", "big"), default="small")
    darkMode = serializers.ChoiceField(("auto", "light", "dark"), default="auto")
    avatar = Pattern(IMAGE, max_length=1000, allow_blank=True, default="")
    launcherIcon = Pattern(IMAGE, max_length=1000, allow_blank=True, default="")
    customCss = serializers.CharField(max_length=20_000, allow_blank=True, default="")
    microphone = serializers.BooleanField(default=False)
    openAutomatically = serializers.BooleanField(default=False)
    notifyOnGreeting = serializers.BooleanField(default=False)
    activation = serializers.ChoiceField(("click", "hover"), default="click")
    hideWhenAway = serializers.BooleanField(default=False)
    sound = serializers.BooleanField(default=True)
    customLauncher = Pattern(SELECTOR, max_length=200, allow_blank=True, default="")

    def validate_customCss(self, value: str) -> str:
        if UNSAFE_CSS.search(value):
            raise serializers.ValidationError("No @import, url(), closing tags or backslashes.")
        return value


class Branding(Strict):
    logo = Pattern(IMAGE, max_length=1000, allow_blank=True, default="")
    wordmark = Pattern(IMAGE, max_length=1000, allow_blank=True, default="")
    poweredBy = serializers.BooleanField(default=True)


class Popups(Strict):
    enabled = serializers.BooleanField(default=False)
    delaySeconds = serializers.IntegerField(min_value=0, max_value=3600, default=5)
    messages = serializers.ListField(
        child=serializers.CharField(max_length=300), max_length=5, default=[]
    )


class FormField(Strict):
    name = serializers.SlugField(max_length=40)
    label = serializers.CharField(max_length=100)  # type: ignore[assignment] # a field's name
    type = serializers.ChoiceField(("text", "email", "tel"), default="text")
    required = serializers.BooleanField(default=False)  # type: ignore[assignment] # likewise


class PreChatForm(Strict):
    enabled = serializers.BooleanField(default=False)
    fields_ = serializers.ListField(child=FormField(), max_length=10, default=[])

    def get_fields(self) -> Any:
        # ``fields`` is a serializer's own name.
        fields = super().get_fields()
        fields["fields"] = fields.pop("fields_")
        return fields


class Trigger(Strict):
    """Shows ``message`` unasked: after seconds, at a percentage scrolled, on a URL and so on."""

    event = serializers.ChoiceField(("time", "scroll", "idle", "exit", "url"))
    value = serializers.CharField(max_length=300, allow_blank=True, default="")
    message = serializers.CharField(max_length=300)


class OpenHours(Strict):
    day = serializers.IntegerField(min_value=1, max_value=7, help_text="ISO: Monday is 1.")
    opens = Pattern(TIME)
    closes = Pattern(TIME)


class BusinessHours(Strict):
    enabled = serializers.BooleanField(default=False)
    timezone = serializers.CharField(default="UTC")
    hours = serializers.ListField(child=OpenHours(), max_length=28, default=[])

    def validate_timezone(self, value: str) -> str:
        if value not in available_timezones():
            raise serializers.ValidationError("There is no such time zone.")
        return value


class OfflineForm(Strict):
    enabled = serializers.BooleanField(default=True)


class RatingSettings(Strict):
    enabled = serializers.BooleanField(default=True)


class TranscriptSettings(Strict):
    enabled = serializers.BooleanField(default=True)


class Texts(Strict):
    def get_fields(self) -> dict[str, serializers.Field]:
        return {
            name: serializers.CharField(max_length=300, allow_blank=True, default=text)
            for name, text in TEXTS.items()
        }


class Translated(Texts):
    """Texts, and what the tenant says elsewhere in its settings, by its names in ``wording``."""

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, Mapping):
            return super().to_internal_value(data)
        own = {name: text for name, text in data.items() if is_own(str(name))}
        texts = super().to_internal_value({n: text for n, text in data.items() if n not in own})
        return {**texts, **{name: self._word(name, text) for name, text in own.items()}}

    def _word(self, name: str, text: Any) -> Any:
        try:
            return serializers.CharField(max_length=300).run_validation(text)
        except serializers.ValidationError as error:
            raise serializers.ValidationError({name: error.detail}) from None


class Translations(serializers.DictField):
    """Texts by language, for the languages after the first."""

    child = Translated()

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        given: dict[str, Any] = super().to_internal_value(data)
        for language in given:
            if not LANGUAGE.fullmatch(language):
                raise serializers.ValidationError({language: "Not a language code."})
        if len(given) > LANGUAGES_LIMIT:
            raise serializers.ValidationError(f"At most {LANGUAGES_LIMIT} languages.")
        return given


class Settings(Strict):
    """Everything that only the visitor's eyes care about."""

    widget = Look(required=False)
    branding = Branding(required=False)
    popups = Popups(required=False)
    preChatForm = PreChatForm(required=False)
    triggers = serializers.ListField(child=Trigger(), max_length=20, default=[])
    businessHours = BusinessHours(required=False)
    offlineForm = OfflineForm(required=False)
    rating = RatingSettings(required=False)
    transcript = TranscriptSettings(required=False)
    languages = serializers.ListField(
        child=Pattern(LANGUAGE), max_length=LANGUAGES_LIMIT, default=["en"]
    )
    translations = Translations(default={})
    texts = Texts(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        known = {name for name, _, _ in own_words(complete_settings(attrs))}
        for language, words in attrs["translations"].items():
            for name in filter(is_own, words):
                if name not in known:
                    problem = {language: {name: "There is no such field, popup or trigger."}}
                    raise serializers.ValidationError({"translations": problem})
        return attrs


def cleaned_settings(given: Any) -> dict[str, Any]:
    """The given settings in their one spelling, without those left out. Raises ValidationError."""
    settings = Settings(data=given)
    if not settings.is_valid():
        raise ValidationError(_first_problem(settings.errors))
    return _only_given(settings.validated_data, given)


def complete_settings(stored: Mapping[str, Any]) -> dict[str, Any]:
    """All settings: the stored ones, and the defaults of the others."""
    return _merged(DEFAULTS, stored)


def _merged(defaults: Mapping[str, Any], stored: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: _merged(default, stored.get(name, {}))
        if default and isinstance(default, dict)
        else stored.get(name, default)
        for name, default in defaults.items()
    }


def _defaults(serializer: serializers.Serializer) -> dict[str, Any]:
    return {
        name: _defaults(field) if isinstance(field, serializers.Serializer) else field.default
        for name, field in serializer.fields.items()
    }


def _only_given(cleaned: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: _only_given(value, given[name]) if isinstance(value, Mapping) else value
        for name, value in cleaned.items()
        if name in given
    }


def _first_problem(errors: Any, path: str = "") -> str:
    if isinstance(errors, Mapping):
        name = next(name for name, problem in errors.items() if problem)
        return _first_problem(errors[name], f"{path}.{name}".strip("."))
    if isinstance(errors, list):
        problem = next(problem for problem in errors if problem)
        return _first_problem(problem, path)
    return f"{path}: {errors}" if path else str(errors)


DEFAULTS = _defaults(Settings())
