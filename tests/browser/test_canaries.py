"""
Markup, Markdown and formulas in what people type are text on every page that shows them: nothing runs, nothing is fetched.

Every other window of these tests fails as well when a page asks another machine for anything; ``tracker.example`` is one.
"""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urljoin

import httpx
import pytest
from playwright.sync_api import Page, expect

from reve_core.models import Review
from tests.app.process import App
from tests.browser.conftest import app_in
from tests.browser.filling import Past

pytestmark = pytest.mark.browser

TOKEN = "operators-only-7hq2-LmZ9-wXk4"
CANARY = (
    "![x](http://tracker.example/b.png) [y](http://tracker.example/y) <img src=x onerror=window.__xss=1> "
    "<svg onload=window.__xss=2> </script><script>window.__xss=3</script> :material/home: :red[r] $x^2$ `c` **b**"
)
SIGN = "tracker.example/b.png"  # a part that is read on the page wherever the canary is shown as text


def _json(answer: httpx.Response) -> dict[str, str]:
    assert answer.is_success, answer.text
    found: dict[str, str] = answer.json()
    return found


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[App, dict[str, str]]]:
    """A running app, and the address of each page that shows the canary."""
    folder = tmp_path_factory.mktemp("canaries")
    app = app_in(folder, REVE_OPERATOR_TOKEN=TOKEN)
    with Past(folder) as past:
        done, other = past.done(CANARY), past.done(f"{CANARY} again")
        past.failed(f"{CANARY} failed", f"Out of paint. {CANARY}")
        past.unknown(f"{CANARY} unclear")
        past.held(f"{CANARY} held", Review.PERSON)
    app.start()
    with httpx.Client(base_url=app.url) as client:
        made = _json(
            client.post(
                "/api/v1/comparisons", json={"pictures": [done, other], "title": CANARY[:60], "question": CANARY[:90]}
            )
        )
        of_picture = _json(
            client.post(f"/api/v1/jobs/{done}/shares", json={"show_prompt": True, "show_settings": True})
        )
        to_vote = _json(client.post(f"/api/v1/comparisons/{made['id']}/shares", json={"may_vote": True}))
        to_look = _json(
            client.post(f"/api/v1/comparisons/{made['id']}/shares", json={"may_vote": False, "show_prompt": True})
        )
    yield (
        app,
        {
            "create": f"{app.url}/",
            "gallery": f"{app.url}/gallery",
            "viewer": f"{app.url}/gallery?job={done}",
            "compare": f"{app.url}/compare",
            "sheet": f"{app.url}/compare?c={made['id']}",
            "queue": f"{app.url}/queue",
            "shares": f"{app.url}/shares",
            "my data": f"{app.url}/my-data",
            "operator": f"{app.url}/operator",
            "share": urljoin(app.url, of_picture["url"]),
            "vote": urljoin(app.url, to_vote["url"]),
            "grid": urljoin(app.url, to_look["url"]),
        },
    )
    app.close()


# On these the canary itself has to be read; of the others it is enough that nothing of it came alive.
SHOWN = ("create", "gallery", "viewer", "compare", "sheet", "queue", "share", "vote", "grid", "operator")


@pytest.mark.parametrize("name", [*SHOWN, "shares", "my data"])
def test_what_people_typed_stays_text_on(places: tuple[App, dict[str, str]], page: Page, name: str) -> None:
    _, addresses = places
    page.goto(addresses[name])
    if name == "operator":
        page.get_by_label("Token").fill(TOKEN)
        page.get_by_role("button", name="Sign in").click()
        page.get_by_text("Review (1)").click()
    if name in SHOWN:
        page.wait_for_function(
            """sign => {
                const reads = root => [...root.querySelectorAll('*')].some(each =>
                    [...each.childNodes].some(node => node.nodeType === 3 && node.data.includes(sign))
                    || ['alt', 'title', 'aria-label'].some(name => (each.getAttribute(name) || '').includes(sign))
                    || 'value' in each && typeof each.value === 'string' && each.value.includes(sign)
                    || each.shadowRoot && reads(each.shadowRoot));
                return reads(document);
            }""",
            arg=SIGN,
        )
    else:
        expect(page.get_by_role("heading", name={"shares": "Shares", "my data": "My data"}[name]).first).to_be_visible()
    assert page.evaluate("window.__xss") is None
    alive = page.evaluate(
        """() => {
            const found = [];
            const walk = root => {
                for (const each of root.querySelectorAll('*')) {
                    const leads = each.getAttribute('src') || each.getAttribute('href') || '';
                    if (leads.includes('tracker') || leads === 'x' || each.hasAttribute('onload') || each.hasAttribute('onerror'))
                        found.push(each.outerHTML.slice(0, 200));
                    if (each.shadowRoot) walk(each.shadowRoot);
                }
            };
            walk(document);
            return found;
        }"""
    )
    assert alive == []
