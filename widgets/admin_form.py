"""The operators' form for a bubble: one field for each setting, drawn from their schema."""

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from rest_framework import serializers
from unfold.widgets import (
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
)

from tenants.operators import LinesField
from widgets.config import DEFAULTS, Color, Settings, cleaned_settings, complete_settings
from widgets.models import Bubble, validate_domain, validate_origin
from widgets.wording import built_in, main_language, texts_in

SEPARATOR = "|"
# Whose settings are told apart by nothing but their group.
GROUPS = {
    "popups": "Popups",
    "preChatForm": "Pre-chat form",
    "businessHours": "Business hours",
    "offlineForm": "Offline form",
    "rating": "Rating",
    "transcript": "Transcript",
}
LABELS = {
    "widget.customCss": "Your own CSS",
    "widget.customLauncher": "Your own elements that open the chat",
    **{f"texts.rating{score}": f"Rating: {score} of 5" for score in range(1, 6)},
}
# A line that is right, for the hint and for whoever has written one that is not.
EXAMPLES = {
    "preChatForm.fields": "email | Your e-mail | email | yes",
    "triggers": "time | 20 | Can I help you?",
    "businessHours.hours": "1 | 09:00 | 17:30",
    "languages": "pt-BR",
    "translations": "de | soundOn | Ton an",
}


def _such_as(path: str) -> str:
    return f"For example: {EXAMPLES[path]}"


HINTS = {
    "widget.primaryColor": "A hex value such as #2563EB, or “default”.",
    "widget.textColor": "A hex value; empty for black or white, whichever can be read.",
    "widget.title": "Empty means the tenant's name.",
    "widget.avatar": "The address of an image: https://… or /….",
    "widget.launcherIcon": "The address of an image: https://… or /….",
    "widget.customCss": "Applies inside the bubble only. No url() and no @import.",
    "widget.hideWhenAway": "The button disappears while nobody of the team is there.",
    "widget.sound": "A soft sound for messages that come while the chat is closed.",
    "widget.microphone": "Visitors may dictate, and hear the answer to what they dictated. "
    "Some browsers send what is spoken to their maker to recognise it.",
    "widget.customLauncher": "Elements of your page that open the chat instead of the button: "
    "a CSS selector such as .open-chat.",
    "branding.logo": "The address of an image. Empty means the tenant's logo.",
    "branding.wordmark": "The address of an image.",
    "popups.messages": "One on each line, five at most.",
    "preChatForm.fields": "One on each line: name | label | text, email or tel | yes if required. "
    "Empty means name and e-mail, both optional. " + _such_as("preChatForm.fields"),
    "offlineForm.enabled": "While nobody is there, visitors may leave their e-mail address.",
    "rating.enabled": "Asks visitors how it was when a conversation has ended.",
    "transcript.enabled": "Visitors may download the conversation or have it mailed.",
    "triggers": "One on each line: time, scroll, idle, exit or url | value | message. "
    + _such_as("triggers"),
    "businessHours.hours": "One on each line: day (1 is Monday) | opens | closes. "
    + _such_as("businessHours.hours"),
    "languages": "One on each line, such as en or pt-BR; the first is the main one. "
    "The words come with us in English, German, French, Spanish, Dutch and Arabic.",
    "translations": "Your own words in the other languages, one on each line: "
    "language | name of the text | translation. "
    + _such_as("translations")
    + " A field's label is "
    "preChatForm and its name, as in preChatForm.order; a message is popups.1 or triggers.2.",
}


class RowsField(LinesField):
    """A list of objects, one on each line, with their values between separators."""

    def __init__(self, row: Any, **options: Any) -> None:
        self.columns = row.fields
        super().__init__(**options)

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, list):
            value = [self._line(row) if isinstance(row, Mapping) else row for row in value]
        return super().prepare_value(value)

    def to_python(self, value: Any) -> Any:
        return [self._row(line) for line in super().to_python(value)]

    def _line(self, row: Mapping[str, Any]) -> str:
        values = ("yes" if row.get(name) is True else row.get(name, "") for name in self.columns)
        return f" {SEPARATOR} ".join("" if value is False else str(value) for value in values)

    def _row(self, line: str) -> dict[str, Any]:
        values = [value.strip() for value in line.split(SEPARATOR, len(self.columns) - 1)]
        row = dict(zip(self.columns, values, strict=False))
        return {name: value for name, value in row.items() if value != ""}


class TranslationsField(LinesField):
    """Words by language and name, one on each line."""

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, Mapping):
            separator = f" {SEPARATOR} "
            value = [
                separator.join((language, name, text))
                for language, texts in value.items()
                for name, text in texts.items()
            ]
        return super().prepare_value(value)

    def to_python(self, value: Any) -> Any:
        translations: dict[str, dict[str, str]] = {}
        for line in super().to_python(value):
            language, name, text = self._parts(line)
            translations.setdefault(language, {})[name] = text
        return translations

    def has_changed(self, initial: Any, data: Any) -> bool:
        return bool((initial or {}) != self.to_python(data))

    def _parts(self, line: str) -> list[str]:
        parts = [part.strip() for part in line.split(SEPARATOR, 2)]
        if len(parts) < 3:
            said = f"“{line[:60]}” lacks a part."
            raise ValidationError(f"{said} {_such_as('translations')}")
        return parts


def field_name(path: str) -> str:
    """How the form calls the setting at ``path``, such as ``widget.title``."""
    return "settings__" + path.replace(".", "__")


def paths(schema: serializers.Serializer, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Every setting of the schema, with where it stands."""
    for name, field in schema.fields.items():
        if isinstance(field, serializers.Serializer):
            yield from paths(field, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", field


def form_field(path: str, field: Any) -> forms.Field:
    options: dict[str, Any] = {
        "required": False,
        "label": _label(path),
        "help_text": HINTS.get(path) or _name_of_text(path),
    }
    match field:
        case serializers.BooleanField():
            return forms.BooleanField(widget=UnfoldBooleanSwitchWidget, **options)
        case serializers.ChoiceField():
            choices = list(field.choices.items())
            return forms.ChoiceField(
                choices=choices, widget=UnfoldAdminSelectWidget, **{**options, "required": True}
            )
        case serializers.IntegerField():
            return forms.IntegerField(widget=UnfoldAdminIntegerFieldWidget, **options)
        case serializers.ListField(child=serializers.Serializer() as row):
            return RowsField(row, widget=UnfoldAdminTextareaWidget({"rows": 4}), **options)
        case serializers.DictField():
            return TranslationsField(widget=UnfoldAdminTextareaWidget({"rows": 6}), **options)
        case serializers.ListField():
            return LinesField(widget=UnfoldAdminTextareaWidget({"rows": 4}), **options)
    if path == "widget.customCss":
        return forms.CharField(widget=UnfoldAdminTextareaWidget({"rows": 8}), **options)
    if isinstance(field, Color):
        options["required"] = not field.allow_blank
    return forms.CharField(
        widget=UnfoldAdminTextInputWidget, max_length=field.max_length, **options
    )


SETTINGS = dict(paths(Settings()))


class NewBubbleForm(forms.ModelForm):
    """What a bubble begins with: its settings are the defaults until its own page changes them."""

    class Meta:
        model = Bubble
        fields = ("name",)


class BubbleForm(forms.ModelForm):
    """A bubble's own fields and, beside them, everything in its settings."""

    origins = LinesField(
        widget=UnfoldAdminTextareaWidget({"rows": 3}),
        help_text="One on each line, such as https://www.example.com. "
        "No origins and no domains means all pages.",
    )
    domains = LinesField(
        widget=UnfoldAdminTextareaWidget({"rows": 3}),
        help_text="One host on each line; its subdomains may show the bubble too.",
    )

    class Meta:
        # The page adds the others: a choice of assistants can be read inside a request only.
        model = Bubble
        fields = ("name",)
        help_texts: ClassVar[Any] = {
            "voice_enabled": "Programs may reserve calls by the API. The chat has no call button.",
            "presence_ping": "Its pages tell the team who is on them, in the inbox under Visitors.",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        settings = complete_settings(self.instance.settings)
        main = main_language(settings["languages"])
        settings["texts"] = texts_in(main, self.instance.settings)
        for path in SETTINGS:
            self.initial[field_name(path)] = _at(settings, path)

    def clean_origins(self) -> list[str]:
        return each_valid(self.cleaned_data["origins"], validate_origin)

    def clean_domains(self) -> list[str]:
        return each_valid(self.cleaned_data["domains"], validate_domain)

    def clean(self) -> dict[str, Any]:
        super().clean()
        given: dict[str, Any] = {}
        for path in SETTINGS:
            value = self.cleaned_data.get(field_name(path))
            if value is not None:
                _put(given, path, value)
        try:
            self.instance.settings = self._own(cleaned_settings(given))
        except ValidationError as error:
            self._blame(error.messages[0])
        return self.cleaned_data

    def _own(self, settings: dict[str, Any]) -> dict[str, Any]:
        """What is not as it comes with us, neither in the main language now nor in the last one."""
        before = complete_settings(self.instance.settings)["languages"]
        words = built_in(main_language(settings["languages"]))
        own = _changed(settings, {**DEFAULTS, "texts": words})
        words = built_in(main_language(before))
        texts = {name: text for name, text in own.pop("texts", {}).items() if text != words[name]}
        return {**own, "texts": texts} if texts else own

    def _blame(self, problem: str) -> None:
        """Show a problem beside its field; the schema says which by its path."""
        path, _, text = problem.partition(": ")
        known = [each for each in _shorter(path) if field_name(each) in self.fields]
        if not known or not text:
            self.add_error(field_name(known[0]) if known else None, text or problem)
            return
        name, place = field_name(known[0]), path.removeprefix(known[0]).strip(".")
        lines = str(self.data.get(name, "")).splitlines()
        self.add_error(name, _explained(known[0], place, text, lines))


def _label(path: str) -> str:
    if path in LABELS:
        return LABELS[path]
    group, _, name = path.rpartition(".")
    words = "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in name)
    return f"{GROUPS[group]}: {words}" if group in GROUPS else words[:1].upper() + words[1:]


def _explained(path: str, place: str, problem: str, lines: list[str]) -> str:
    """A problem with which of the lines it is in, and with one that is right."""
    number, _, column = place.partition(".")
    written = [line.strip() for line in lines if line.strip()]
    if path not in EXAMPLES or not number.isdigit() or int(number) >= len(written):
        return problem
    where = f"“{written[int(number)][:60]}”{f', {column}' if column else ''}"
    return f"{where}: {problem} {_such_as(path)}"


def _name_of_text(path: str) -> str:
    """How translations call a text, where its label does not tell."""
    group, _, name = path.rpartition(".")
    return name if group == "texts" and not name.islower() else ""


def _shorter(path: str) -> Iterator[str]:
    while path:
        yield path
        path = path.rpartition(".")[0]


def _at(settings: Mapping[str, Any], path: str) -> Any:
    value: Any = settings
    for name in path.split("."):
        value = value[name]
    return value


def _put(settings: dict[str, Any], path: str, value: Any) -> None:
    *parents, last = path.split(".")
    for name in parents:
        settings = settings.setdefault(name, {})
    settings[last] = value


def _changed(settings: Mapping[str, Any], defaults: Mapping[str, Any]) -> dict[str, Any]:
    """What differs from the defaults, so that better defaults reach everybody else."""
    changed: dict[str, Any] = {}
    for name, value in settings.items():
        if isinstance(value, Mapping) and defaults[name]:
            if inner := _changed(value, defaults[name]):
                changed[name] = inner
        elif value != defaults[name]:
            changed[name] = value
    return changed


def each_valid(values: list[str], validate: Any) -> list[str]:
    for value in values:
        try:
            validate(value)
        except ValidationError as error:
            raise ValidationError(f"{value}: {error.messages[0]}") from None
    return values


# The forms that the admin derives from this one inherit what is declared here.
BubbleForm.declared_fields |= {
    field_name(path): form_field(path, field) for path, field in SETTINGS.items()
}
