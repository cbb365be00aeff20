"""What can be checked by a program of whether everybody can use a page: axe, for WCAG 2.2 AA."""

import pytest

from tests.model_server import FOLDER

AXE = FOLDER / "node_modules" / "axe-core" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
RUN = """async (rules) => {
    const {violations} = await axe.run(document, {runOnly: {type: "tag", values: rules}});
    return violations.flatMap(({id, nodes}) => nodes.map(
        ({target, failureSummary}) => `${id}: ${target.flat().join(" ")}: ${failureSummary}`));
}"""


async def require_usable(page):
    """By day and by night."""
    for scheme in ("light", "dark"):
        await page.emulate_media(color_scheme=scheme)
        found = await violations(page)
        assert found == [], f"{scheme}: {found}"


async def violations(page):
    """What axe finds wrong on the page as it is now, shadow trees included."""
    if not AXE.exists():
        pytest.skip("axe is absent: install Node and run make test")
    if not await page.evaluate("'axe' in window"):
        await page.evaluate(AXE.read_text())
    return await page.evaluate(RUN, RULES)
