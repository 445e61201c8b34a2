# SPDX-License-Identifier: MIT
"""The local page in a real browser: headless Chromium, one session."""
import json
import os

import pytest
from conftest import await_true
from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from test_web import Page

HOSTILE_MAP = """modbridge: map/1
vendor: "<b>Evil</b>"
telemetry:
  power: {holding: 1, type: u16, display_name: "<img src=x onerror='document.title=1'>"}
"""

# Everything a person can operate has a name, headings do not skip, ids are unique, nothing is wider than the screen.
AUDIT = """
const problems = [];
const name = (e) => (e.getAttribute("aria-label") || e.textContent || "").trim() ||
    [...(e.labels || [])].map((l) => l.textContent).join("").trim();
for (const e of document.querySelectorAll("a[href], button, input, select, summary, svg[role=img]"))
    if (e.tagName === "svg" ? e.childElementCount && !name(e) : !name(e)) problems.push("no name: " + e.outerHTML.slice(0, 120));
let level = 0;
for (const h of document.querySelectorAll("h1, h2, h3, h4")) {
    if (h.closest("dialog, [hidden]")) continue;
    const next = Number(h.tagName[1]);
    if (next > level + 1) problems.push(`heading ${h.textContent} is of level ${next} after ${level}`);
    level = next;
}
const ids = [...document.querySelectorAll("[id]")].map((e) => e.id);
for (const id of ids) if (ids.indexOf(id) !== ids.lastIndexOf(id)) problems.push("id twice: " + id);
for (const l of document.querySelectorAll("label")) if (!document.getElementById(l.htmlFor)) problems.push("label of nothing");
for (const t of document.querySelectorAll("table")) if (!t.querySelector("th[scope=row]")) problems.push("a table without row headers");
if (document.documentElement.lang !== "en" || !document.title) problems.push("no language or title");
if (document.querySelectorAll("h1").length !== 1 || !document.querySelector("main:not([hidden])")) problems.push("landmarks");
if (document.documentElement.scrollWidth > innerWidth) problems.push(`${document.documentElement.scrollWidth} wide on ${innerWidth}`);
return problems;
"""

# Contrast of texts against what is behind them (WCAG 2.1, 1.4.3), of those on the page.
CONTRAST = """
const parse = (c) => c.match(/[0-9.]+/g).map(Number);
const light = (c) => c.slice(0, 3).map((v) => v / 255).map((v) => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
const behind = (e) => { for (; e; e = e.parentElement) { const c = parse(getComputedStyle(e).backgroundColor);
    if (c.length === 3 || c[3] === 1) return c; } return [255, 255, 255]; };
const worst = {};
for (const e of document.querySelectorAll("body *")) {
    const has = [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim());
    if (!has || !e.offsetParent) continue;
    const pair = [light(parse(getComputedStyle(e).color)), light(behind(e))].sort((a, b) => b - a);
    const ratio = (pair[0] + 0.05) / (pair[1] + 0.05);
    if (ratio < 4.5) worst[e.tagName + "." + e.className] = ratio;
}
return worst;
"""


class Browser:
    """Chromium with the page; never waits for a fixed time."""

    def __init__(self, folder):
        options = Options()
        for argument in ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
                         "--disable-background-networking", "--disable-component-update", "--disable-sync", f"--user-data-dir={folder}/chromium"]:
            options.add_argument(argument)
        options.binary_location = "/usr/bin/chromium"
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        self.driver = webdriver.Chrome(service=Service("/usr/bin/chromedriver"), options=options)

    def run(self, script, *arguments):
        return self.driver.execute_script(script, *arguments)

    def text(self, identity):
        return self.run("return document.getElementById(arguments[0]).textContent", identity)

    def device(self, name):
        return self.run("return [...document.querySelectorAll('#device-list > details')]"
                        ".filter((c) => c.querySelector('h3').textContent === arguments[0]).map((c) => c.textContent)[0] || ''", name)

    def value(self, device, entry):
        return self.run("const c = [...document.querySelectorAll('#device-list > details')].find((c) => c.querySelector('h3').textContent"
                        " === arguments[0]); const r = [...c.querySelectorAll('tr')].find((r) => r.cells[0].textContent === arguments[1]);"
                        " return r.cells[1].textContent", device, entry)

    def emulate(self, width, scheme):
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride",
                                    {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": width < 600})
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": scheme}]})

    def requests(self):
        """The address of every request that may leave the browser, whoever asked for it."""
        entries = [json.loads(entry["message"])["message"] for entry in self.driver.get_log("performance")]
        urls = [e["params"]["request"]["url"] for e in entries if e["method"] == "Network.requestWillBeSent"]
        return [url for url in urls if not url.startswith(("chrome", "data:"))]  # its own first page


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    browser = Browser(tmp_path_factory.mktemp("browser"))
    yield browser
    browser.driver.quit()


def send(browser, rate):
    browser.run("""
        const card = [...document.querySelectorAll('#device-list > details')].find((c) => c.querySelector('h3').textContent === 'electrolyser');
        const form = card.querySelector('form[data-command=set_production_rate]');
        form.closest('details').open = true;
        form.elements.production_rate.value = arguments[0];
        form.requestSubmit();""", rate)
    await_true(lambda: browser.run("return document.getElementById('confirmation').open"), "the question")
    return browser.text("confirmation")


def test_the_page(world, browser):
    (world.folder / "hostile.yaml").write_text(HOSTILE_MAP)
    page = Page(world, ", commands: true", spare='map: hostile, tcp: "127.0.0.1:9"').await_answers()
    browser.driver.get(f"http://127.0.0.1:{page.port}/")
    await_true(lambda: "online" in browser.device("electrolyser"), "a device")
    await_true(lambda: "1 OFFLINE" in browser.text("summary"), "the other one to be offline, in words")
    spare = browser.device("spare")
    assert "OFFLINE" in spare and "the link is down" in spare
    assert "<img src=x onerror='document.title=1'>" in spare and "<b>Evil</b>" in spare, "texts stay texts"
    assert await_true(lambda: browser.value("electrolyser", "H2 Pressure Inner"), "a value").endswith(" bar")
    before = browser.value("electrolyser", "H2 Pressure Outer")
    await_true(lambda: browser.value("electrolyser", "H2 Pressure Outer") != before, "a live value")
    assert "electrolyser" in browser.text("bus-list") and "NOT CONNECTED" in browser.text("cloud-list")
    assert "outbox" in browser.text("cloud-list") and str(page.site) in browser.text("configuration-text")
    assert "Loaded with" in browser.text("configuration-text")

    # A command: first a question, which may be answered with no.
    asked = send(browser, 70)
    assert "electrolyser" in asked and "set_production_rate" in asked and "70" in asked
    browser.driver.switch_to.active_element.send_keys(Keys.ENTER)  # Cancel has the focus
    await_true(lambda: not browser.run("return document.getElementById('confirmation').open"), "the question to go")
    send(browser, 75)
    browser.driver.find_element(By.ID, "confirmation-yes").click()
    await_true(lambda: "completed" in browser.text("command-list"), "the outcome")
    done = browser.text("command-list")
    assert "set_production_rate" in done and "75" in done and "70" not in done and done.count("electrolyser") == 1
    assert not browser.run("return document.getElementById('confirmation').open")
    await_true(lambda: browser.value("electrolyser", "Production Rate").startswith("75"), "the new value")
    send(browser, 75)
    browser.run("document.getElementById('confirmation').close()")

    # For everybody, and on a phone.
    for width, scheme in [(1280, "light"), (1280, "dark"), (360, "light"), (360, "dark")]:
        browser.emulate(width, scheme)
        browser.run("for (const d of document.querySelectorAll('details')) d.open = true")
        assert browser.run(AUDIT) == [], (width, scheme)
        assert browser.run(CONTRAST) == {}, (width, scheme)
    browser.run("document.activeElement.blur()")
    browser.driver.find_element(By.TAG_NAME, "body").send_keys(Keys.TAB)
    assert browser.driver.switch_to.active_element.text == "Skip to the devices"

    # The bridge goes and comes back.
    page.bridge.stop()
    await_true(lambda: "The bridge does not answer" in browser.text("notice"), "a word about it")
    page.bridge = world.run(page.site)
    await_true(lambda: browser.text("notice") == "" and "online" in browser.device("electrolyser"), "the bridge again")

    # Nothing came from elsewhere, or was held back by the policy.
    urls = browser.requests()
    assert any(url.endswith("/api/events") for url in urls)
    assert {url for url in urls if not url.startswith(f"http://127.0.0.1:{page.port}/")} == set()
    severe = [entry for entry in browser.driver.get_log("browser") if entry["level"] == "SEVERE"]
    assert severe == [], severe
    if folder := os.environ.get("SCREENSHOTS"):
        browser.driver.save_screenshot(f"{folder}/page.png")


def test_the_token_in_a_browser(world, browser):
    token = world.folder / "web.token"
    token.write_text("0123456789abcdef0123456789abcdef\n")
    token.chmod(0o600)
    page = Page(world, ", token_file: web.token").await_answers()
    browser.driver.get(f"http://127.0.0.1:{page.port}/")
    await_true(lambda: browser.run("return !document.getElementById('login').hidden"), "the question for the token")
    assert browser.run(AUDIT) == [] and browser.text("device-list") == ""
    field = browser.driver.find_element(By.ID, "token")
    field.send_keys("wrong", Keys.ENTER)
    await_true(lambda: browser.text("login-error") == "that is not the token", "a refusal")
    field.clear()
    field.send_keys(token.read_text().strip(), Keys.ENTER)
    await_true(lambda: "electrolyser" in browser.device("electrolyser"), "the plant")
    assert browser.run("return document.cookie") == "", "scripts do not see the cookie"
    assert "0123456789" not in browser.driver.current_url
