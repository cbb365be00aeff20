"""How a bubble gets onto pages: a line of HTML, and the same for what else builds pages."""

from dataclasses import dataclass

from django.conf import settings

from widgets.models import Bubble
from widgets.snippet import page_token, snippet

REACT = """import {{ useEffect }} from "react";

export function Chat() {{
  useEffect(() => {{
    let widget, gone = false;
    const script = document.createElement("script");
    script.src = "{url}/assets/chat-widget.js";
    script.onload = () => {{
      if (gone) return;
      widget = window.ChatWidget.mount({{ token: "{token}", code: "{code}", backendUrl: "{url}" }});
    }};
    document.head.append(script);
    return () => {{
      gone = true;
      widget?.destroy();
      script.remove();
    }};
  }}, []);
  return null;
}}"""
POLICY = """script-src {url};
connect-src {url} {socket};
img-src {url} data: blob:;"""


@dataclass(frozen=True)
class Recipe:
    key: str
    title: str
    text: str
    code: str


def recipes(bubble: Bubble) -> list[Recipe]:
    """Each with this bubble's code and token in it; none while no token works."""
    token = page_token(bubble)
    if not token:
        return []
    html = snippet(bubble, token)
    url = settings.PUBLIC_URL
    names = {"url": url, "code": bubble.code, "token": token}
    return [
        Recipe("html", "HTML", "Before </body> of each page that shall have the chat.", html),
        Recipe(
            "react", "React", "A component; put <Chat /> once into your app.", REACT.format(**names)
        ),
        Recipe(
            "gtm",
            "Tag Manager",
            "New tag, type “Custom HTML”, trigger “All Pages”, with this as its text.",
            html,
        ),
        Recipe(
            "csp",
            "Content policy",
            "If your pages send a Content-Security-Policy, add these sources to it.",
            POLICY.format(url=url, socket=url.replace("http", "ws", 1)),
        ),
    ]
