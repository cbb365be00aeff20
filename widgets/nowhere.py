"""The page at an address that leads to no chat, in a language that its visitor reads."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django.utils.translation.trans_real import parse_accept_lang_header

from tenants.languages import MAIN_LANGUAGE, base_of, direction_of

WORDS = {
    "en": (
        "No chat here",
        "This address leads to no chat. It may be mistyped, or the chat was closed for good. "
        "Please ask whoever gave it to you.",
    ),
    "de": (
        "Hier ist kein Chat",
        "Diese Adresse führt zu keinem Chat. Vielleicht ist sie falsch geschrieben, oder den Chat "
        "gibt es nicht mehr. Bitte fragen Sie dort nach, woher Sie sie haben.",
    ),
    "fr": (
        "Pas de chat ici",
        "Cette adresse ne mène à aucun chat. Elle est peut-être mal écrite, ou le chat a été fermé "
        "définitivement. Veuillez demander à qui vous l'a donnée.",
    ),
    "es": (
        "Aquí no hay ningún chat",
        "Esta dirección no lleva a ningún chat. Puede que esté mal escrita o que el chat se haya "
        "cerrado definitivamente. Pregunte a quien se la dio.",
    ),
    "nl": (
        "Hier is geen chat",
        "Dit adres leidt niet naar een chat. Misschien is het verkeerd getypt, of de chat bestaat "
        "niet meer. Vraag het degene van wie u het hebt.",
    ),
    "ar": (
        "لا توجد محادثة هنا",
        "لا يؤدي هذا العنوان إلى أي محادثة. ربما كُتب بشكل خاطئ، أو أُغلقت المحادثة نهائيًا. "
        "يُرجى سؤال من أعطاك إياه.",
    ),
}


def answer(request: HttpRequest) -> HttpResponse:
    """The page, as 404."""
    language = _language(request.headers.get("Accept-Language", ""))
    title, text = WORDS[language]
    context = {"language": language, "direction": direction_of(language)}
    told = {**context, "title": title, "text": text}
    response = render(request, "widgets/nowhere.html", told, status=404)
    patch_vary_headers(response, ["Accept-Language"])
    return response


def _language(accepted: str) -> str:
    """The best known one of those that a browser accepts; ``q=0`` means never."""
    wanted = (base_of(tag) for tag, quality in parse_accept_lang_header(accepted) if quality)
    return next((language for language in wanted if language in WORDS), MAIN_LANGUAGE)
