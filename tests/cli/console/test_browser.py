"""The console in a real browser: Chromium of the system, headless, driven by Playwright."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

playwright = pytest.importorskip(
    "playwright.sync_api", reason="playwright is in the group `browser`"
)
axe = pytest.importorskip(
    "axe_playwright_python.sync_playwright",
    reason="axe-playwright-python is in the group `browser`",
)

CHROMIUM = next(
    (
        path
        for name in ("chromium", "chromium-browser", "google-chrome")
        if (path := shutil.which(name))
    ),
    None,
)

pytestmark = pytest.mark.skipif(
    CHROMIUM is None, reason="there is no Chromium here (Debian: apt-get install chromium)"
)

# Milliseconds, on a very busy machine.
PATIENCE = 60_000

VIEWS: dict[str, dict[str, Any]] = {
    "light": {"color_scheme": "light", "viewport": {"width": 1200, "height": 900}},
    "dark": {"color_scheme": "dark", "viewport": {"width": 1200, "height": 900}},
    "narrow": {"color_scheme": "light", "viewport": {"width": 400, "height": 800}},
    "narrow-dark": {"color_scheme": "dark", "viewport": {"width": 400, "height": 800}},
}

Open = Callable[..., Any]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    # Chromium has no sandbox for the user root, as which containers run.
    arguments = ["--host-resolver-rules=MAP attacker.example 127.0.0.1"]
    arguments += ["--no-sandbox"] if os.geteuid() == 0 else []
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield browser
        browser.close()


@pytest.fixture
def open_page(browser: Any, console: Any) -> Iterator[Open]:
    """Opens the console in a view, and in the end sees that nothing was complained of."""
    complaints: list[str] = []
    contexts = []

    def opened(view: str = "light") -> Any:
        context = browser.new_context(**VIEWS[view])
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        playwright.expect.set_options(timeout=PATIENCE)
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(console.url)
        playwright.expect(page.get_by_role("status").first).to_have_text("Live.")
        return page

    yield opened
    for context in contexts:
        context.close()
    assert complaints == []


def shown(page: Any, selector: str) -> Any:
    return playwright.expect(page.locator(selector))


def mint(page: Any) -> None:
    before = page.locator("#token").input_value()
    page.get_by_role("button", name="Mint", exact=True).click()
    playwright.expect(page.locator("#token")).not_to_have_value(before)


def send(page: Any, status: int) -> None:
    page.get_by_role("button", name="Send it to the API").click()
    shown(page, "#status").to_contain_text(str(status))


def picture(page: Any, folder: Path, name: str) -> None:
    """Keep a picture of the page: in the folder of this variable, or in the test's own."""
    kept = Path(os.environ.get("ASGI_JWKS_SCREENSHOTS", folder))
    page.screenshot(path=kept / f"console-{name}.png", full_page=True)


def test_a_token_is_minted_decoded_and_sent(open_page: Open) -> None:
    """Issue 15: mint with chosen claims and shape, decode, send, and see the answer."""
    page = open_page()
    page.get_by_label("Shape").select_option("Keycloak")
    page.get_by_label("Claims to add").fill('{"team": "blue"}')
    mint(page)
    shown(page, "#decoded").to_contain_text('"team": "blue"')
    shown(page, "#decoded").to_contain_text('"realm_access"')
    page.get_by_label("Path").select_option("/messages")
    send(page, 200)
    shown(page, "#advice").to_have_text("The token is valid.")
    shown(page, "#entries").to_contain_text("GET /messages: 200 OK.")


def test_a_refused_token_is_shown_with_challenge_and_explanation_side_by_side(
    open_page: Open,
) -> None:
    """Issue 15: the answer, its challenge and the explanation side by side."""
    page = open_page()
    page.get_by_label("Lifetime").fill("-60")
    mint(page)
    send(page, 401)
    shown(page, "#challenge").to_contain_text('error="invalid_token"')
    shown(page, "#reason").to_have_text("expired")
    shown(page, "#advice").not_to_be_empty()
    tops = [page.locator(it).bounding_box()["y"] for it in ("#challenge", "#reason", "#status")]
    assert max(tops) - min(tops) < 40


def test_a_text_of_a_stranger_is_never_markup(open_page: Open) -> None:
    page = open_page()
    page.get_by_label("Claims to add").fill('{"sub": "<img src=x onerror=alert(1)>"}')
    mint(page)
    shown(page, "#decoded").to_contain_text("<img src=x")
    send(page, 200)
    shown(page, "#body").to_contain_text("<img src=x")
    assert page.locator("img").count() == 0


def test_mistakes_are_said_where_a_screen_reader_hears_them(open_page: Open) -> None:
    page = open_page()
    page.get_by_label("Claims to add").fill("[")
    page.get_by_role("button", name="Mint", exact=True).click()
    playwright.expect(page.get_by_role("alert")).to_have_text("Claims must be a JSON object.")
    page.get_by_label("Claims to add").fill("{}")
    mint(page)
    playwright.expect(page.get_by_role("alert")).to_have_count(0)
    page.locator("#token").fill("a.b")
    shown(page, "#decoded").to_have_text("This is not a signed JWT: it has not three parts.")
    page.locator("#token").fill("a.b.c")
    shown(page, "#decoded").to_contain_text("are not JSON")


def test_the_key_set_is_seen_to_live(open_page: Open, console: Any, tmp_path: Path) -> None:
    """Issue 15: a time line of fresh, due, stale, expired, live by server-sent events."""
    page = open_page()
    mint(page)
    send(page, 200)
    shown(page, "#phase").to_have_text("fresh")
    picture(page, tmp_path, "fresh")
    page.get_by_label("Fault").first.select_option("fail")
    page.get_by_role("button", name="Break").first.click()
    shown(page, "form[data-endpoint=jwks] .fault").to_have_text("broken: jwks:fail:500")
    page.get_by_role("button", name="+11 minutes").click()
    shown(page, "#phase").to_have_text("stale")
    send(page, 200)
    picture(page, tmp_path, "stale")
    page.get_by_role("button", name="+2 hours").click()
    shown(page, "#phase").to_have_text("expired")
    playwright.expect(page.get_by_role("img", name="The key set is expired")).to_be_visible()
    send(page, 503)
    picture(page, tmp_path, "expired")
    shown(page, "#challenge").to_contain_text("Retry-After")
    page.get_by_role("button", name="Mend").first.click()
    shown(page, "form[data-endpoint=jwks] .fault").to_have_text("healthy")
    page.get_by_role("button", name="+11 minutes").click()
    mint(page)
    send(page, 200)
    shown(page, "#phase").to_have_text("fresh")
    assert page.locator("#marks line").count() > 0
    picture(page, tmp_path, "mended")
    # Whatever happens elsewhere is seen here too.
    console.issuer.rotate()
    shown(page, "#keys tr").to_have_count(2)


def test_a_key_is_distrusted_and_trusted_again(open_page: Open) -> None:
    """Issue 15: rotate, distrust."""
    page = open_page()
    mint(page)
    send(page, 200)
    page.get_by_role("button", name="Distrust the key the-first-key").click()
    shown(page, "#keys").to_contain_text("distrusted")
    send(page, 401)
    page.get_by_role("button", name="Trust again the key the-first-key").click()
    shown(page, "#keys").not_to_contain_text("distrusted")
    send(page, 200)
    page.get_by_role("button", name="Rotate").click()
    shown(page, "#keys tr").to_have_count(2)
    page.get_by_label("Value; empty for none").fill("max-age=300")
    page.get_by_role("button", name="Set").click()
    shown(page, "#stale-at").to_have_text("5.0 min")


def test_everything_is_reached_and_used_by_keyboard(open_page: Open) -> None:
    """Issue 15: usable by keyboard."""
    page = open_page()
    reached: list[str] = []
    wanted = page.locator("button, input, select, textarea").count()
    for _ in range(2 * wanted):
        page.keyboard.press("Tab")
        name = page.locator(":focus").evaluate_all(
            "found => found.map(e => e.id || e.textContent + e.getAttribute('aria-label'))[0]"
        )
        if name == "mint" or (reached and name == reached[0]):
            break
        if name:
            reached.append(name)
        if name == "Mintnull":
            page.keyboard.press("Enter")
            shown(page, "#decoded").to_contain_text('"iss"')
        if name == "Send it to the APInull":
            page.keyboard.press("Space")
            shown(page, "#status").to_contain_text("200")
    assert {"shape", "token", "path", "jwks-fault", "cache-control"} <= set(reached)
    assert len(reached) >= wanted


@pytest.mark.parametrize("view", VIEWS)
def test_it_is_readable_and_axe_finds_no_serious_fault(
    view: str, open_page: Open, tmp_path: Path
) -> None:
    """Issue 15: dark and light, readable at 400 px, no serious accessibility fault."""
    page = open_page(view)
    page.get_by_label("Forgery").select_option("alg none")
    mint(page)
    send(page, 401)
    page.get_by_role("button", name="Break").first.click()
    page.get_by_role("button", name="+11 minutes").click()
    shown(page, "#phase").to_have_text("stale")
    shown(page, "#entries").to_contain_text("set forward")
    assert page.locator("html").evaluate("e => e.scrollWidth") <= VIEWS[view]["viewport"]["width"]
    sizes = page.locator("p, dd, dt, label, li, td, button").evaluate_all(
        "found => found.map(e => parseFloat(getComputedStyle(e).fontSize))"
    )
    assert min(sizes) >= 12
    told = axe.Axe().run(page).response
    assert len(told["passes"]) > 20
    serious = [
        (fault["id"], [node["html"] for node in fault["nodes"]])
        for fault in told["violations"]
        if fault["impact"] in {"serious", "critical"}
    ]
    assert serious == []
    picture(page, tmp_path, view)


def test_another_site_cannot_use_it_not_even_under_a_name_that_leads_here(
    browser: Any, console: Any
) -> None:
    """Issue 15: DNS rebinding, and no CORS."""
    parts = urlsplit(console.url)
    context = browser.new_context()
    page = context.new_page()
    rebound = page.goto(f"http://attacker.example:{parts.port}/?{parts.query}")
    assert rebound.status == 421
    # From there, the real address is another site's.
    failed = page.evaluate(
        """async ([url, secret]) => {
            const tries = [
                fetch(url + "keys", {method: "POST", body: "{}", headers: {
                    "x-console-token": secret, "content-type": "application/json"}}),
                fetch(url + "choices?token=" + secret),
                fetch(url + "static/console.js"),
            ];
            return (await Promise.allSettled(tries)).map(it => it.status);
        }""",
        [f"http://127.0.0.1:{parts.port}/", parts.query.removeprefix("token=")],
    )
    context.close()
    assert failed == ["rejected"] * 3
