"""What can be wrong with a site or one of its pages, and what its owner can do about it."""

from tenants.errors import LiveChatError, Unavailable

PROBLEMS = {
    "page_missing": "There is no page at this address.",
    "page_leads_away": "The address leads to {}, which is not part of this source. Add that one "
    "instead, or let its path be read.",
    "page_redirects": "The address leads on and on, and to no page.",
    "page_not_readable": "There is neither a page nor a PDF at this address.",
    "page_noindex": "The page asks not to be read by crawlers (noindex).",
    "page_forbidden": "The server lets nobody read this page without a log-in, or no crawler.",
    "page_status": "The server answers {}. Open the page in a browser to see what is wrong.",
    "robots_refuse": "The site's robots.txt does not let LiveChat-Knowledge read this address. "
    "Allow it there, or choose another address.",
    "robots_unreachable": "The site's robots.txt answers {}, so nothing is read for now.",
    "site_unreachable": "The site stopped answering. What was read before stays; it is tried again "
    "at the next crawl.",
    "crawl_failed": "The crawl broke off, and LiveChat does not know why. Crawl the site again, "
    "choose another path, or ask your operator to look into the log.",
    "crawl_too_long": "The site is too large for one crawl; what was read so far answers. Choose "
    "fewer pages, or a path with fewer pages below it.",
}
# What the guarded client says, as it stands on the row of a page.
FETCHING = {
    "url_not_allowed": "page_not_allowed",
    "fetch_timeout": "page_timeout",
    "fetch_failed": "page_unreachable",
    "answer_too_large": "page_too_large",
}


def problem(code: str, *details: object) -> LiveChatError:
    return Unavailable(PROBLEMS[code].format(*details), code=code)


def page_problem(error: LiveChatError) -> LiveChatError:
    return Unavailable(error.message, code=FETCHING.get(error.code, "page_failed"))


def status_problem(status: int) -> LiveChatError:
    return problem("page_forbidden") if status in (401, 403) else problem("page_status", status)
