"""Web sites as knowledge: a crawl finds their pages, and each page is a source like any other."""
