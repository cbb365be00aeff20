"""The screen that ``manage.py up`` ends on."""

from collections.abc import Mapping

PRODUCT = """
LiveChat is ready.

  Product    {baseUrl}
  Admin      {baseUrl}/admin/
  API        {baseUrl}/api/docs
"""
MAIL = """
Mail is written to {folder}, until EMAIL_URL names a server.
"""
DEMO = """
  Log in as  {email}
  Password   {password}

Put the chat on a page:

  <script src="{baseUrl}/assets/chat-widget.js"></script>
  <script>ChatWidget.mount({{token: "{bubbleToken}", code: "{bubbleCode}", \
backendUrl: "{baseUrl}"}})</script>

Ask something:

  curl {baseUrl}/api/widgets/{tenantId}/chat \\
    -H 'Authorization: Bearer {widgetToken}' -H 'Content-Type: application/json' \\
    -d '{{"sessionId": "first", "message": "How do I start LiveChat?"}}'
"""
END = """
Ctrl-C ends everything.
"""


def screen(base_url: str, *, demo: Mapping[str, str], mail_folder: str = "") -> str:
    """Return the addresses, where mail is, and the demo tenant's log-in and snippets if any."""
    return (
        PRODUCT.format(baseUrl=base_url)
        + (DEMO.format(**demo) if demo else "")
        + (MAIL.format(folder=mail_folder) if mail_folder else "")
        + END
    )
