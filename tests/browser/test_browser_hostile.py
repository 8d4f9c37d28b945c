"""What comes from outside is text: in facts and titles, in addresses, in what is typed, and in what a browser has kept.

Each test is run under the policy that such a manual is published with, and without any: then nothing but the pages
themselves can hold back what would run.
"""

import http
import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, Page, expect
from tests.browser.conftest import ROOT, Strict, published_policy, serving_as
from tests.browser.hostile import PAYLOADS, WATCH, batches, edition, escaped
from tests.browser.test_browser_stamps import built

LISTS = "---\norphan: true\n---\n# Alerts\n\n```{ops:alert-list}\n```\n\n```{ops:alerts}\n```\n"
CHANGES = "---\norphan: true\n---\n# Changes\n\n```{ops:changes}\n```\n"
FIND = "---\norphan: true\n---\n# Find\n\n```{ops:search}\n```\n"


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a manual whose titles and alert rules were written by an enemy, with its headers as published."""
    source = Path(shutil.copytree(ROOT, tmp_path_factory.mktemp("enemy") / "trees"))
    (source / "rules" / "enemy.yml").write_text(json.dumps({"groups": [{"name": PAYLOADS[0], "rules": rules()}]}))
    (source / "lists.md").write_text(LISTS)
    (source / "find.md").write_text(FIND)
    (source / "changes.md").write_text(CHANGES)
    (source / "before.json").write_text(json.dumps(edition("before", "old")))
    for number, some in enumerate(batches(50)):
        titles = "\n".join(f"{escaped(payload)}\n{'=' * 2500}\n\nText.\n" for payload in some)
        (source / f"titles-{number}.rst").write_text(f":orphan:\n\n{titles}", encoding="utf-8")
    conf = (source / "conf.py").read_text()
    more = ["notfound.extension", "sphinxext.opengraph"]
    conf = conf.replace('"drillbook"]', f'"drillbook", *{more}]')
    (source / "conf.py").write_text(
        f'{conf}\nnotfound_urls_prefix = "/"\nogp_social_cards = {{"enable": False}}\ndrillbook_llms = True\n'
        'drillbook_changes_since = "before.json"\nsmartquotes = False\n'
    )
    built(source, "html", lambda _: None)
    site = source / "_build" / "html"
    policy = published_policy(site)
    (site / "raw.html").write_text(f"<!doctype html><title>Raw</title>{''.join(PAYLOADS[:40])}", encoding="utf-8")
    with serving_as(_Site, site, policy) as address:
        yield address


class _Site(Strict):
    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        self.send_response(http.HTTPStatus.OK)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.end_headers()
        self.wfile.write((Path(self.directory) / "404.html").read_bytes())


def rules() -> list[dict[str, object]]:
    """Each payload is a name, a severity or a summary, and stands in a description."""
    return [
        {
            "alert": (these := PAYLOADS[number : number + 3])[0],
            "expr": f"up == {number} or {these[0]}",
            "labels": {"severity": these[1 % len(these)], "team": these[0]},
            "annotations": {
                "summary": these[2 % len(these)],
                "description": "\n\n".join(these),
                "runbook_url": these[0],
            },
        }
        for number in range(0, len(PAYLOADS), 3)
    ]


def test_there_are_many_and_the_watch_sees_what_they_do(watched: Page, hostile: str) -> None:
    assert len(set(PAYLOADS)) == len(PAYLOADS) >= 200
    watched.goto(f"{hostile}/index.html")
    assert watched.evaluate("lookAt(document.documentElement), found") == []
    watched.evaluate("watch(), document.body.insertAdjacentHTML('beforeend', `<a href=javascript:f()><img alt=x>`)")
    watched.wait_for_function("found.includes('javascript:f()') && found.some(said => said.startsWith(`made: <a`))")


def test_they_run_where_they_are_markup_unless_the_policy_holds_them(chromium: Browser, hostile: str) -> None:
    ran = {}
    for without in (True, False):
        context = chromium.new_context(bypass_csp=without)
        page = context.new_page()
        page.add_init_script(WATCH)
        page.goto(f"{hostile}/raw.html")
        ran[without] = page.evaluate("found")
        context.close()
    assert len(ran[True]) > 5 and not ran[False]


def test_no_title_and_no_fact_is_markup(watched: Page, hostile: str) -> None:
    pages = ["lists", "genindex", "ops-alerts", "index", "changes", *(f"titles-{n}" for n, _ in enumerate(batches(50)))]
    for name in pages:
        watched.goto(f"{hostile}/{name}.html")
        assert watched.evaluate("lookAt(document.documentElement), found") == [], name
    for name, where in (("lists", ".ops-alert-list"), ("changes", ".ops-changes")):
        watched.goto(f"{hostile}/{name}.html")
        shown = "\n".join(watched.locator(where).all_text_contents())
        assert not [payload for payload in PAYLOADS if payload.strip() not in shown], "as they are, and none is lost"


SEARCH = """
async (payloads) => {
  watch();
  const input = document.querySelector(".ops-search-input");
  const results = document.querySelector(".ops-search-results");
  let shown = 0;
  for (const payload of payloads) {
    input.value = payload;
    input.dispatchEvent(new Event("input", { bubbles: true }));
    while (results.dataset.query !== payload.trim()) await new Promise((resolve) => setTimeout(resolve));
    shown += results.querySelectorAll("a").length;
  }
  return [shown, found];
}
"""


def test_what_is_searched_for_and_found_is_text(watched: Page, hostile: str) -> None:
    watched.goto(f"{hostile}/find.html")
    watched.locator(".ops-search-input").fill("alert")
    expect(watched.locator(".ops-search-result").first).to_be_visible(timeout=20_000)
    shown, found = watched.evaluate(SEARCH, PAYLOADS)
    assert found == [] and shown > len(PAYLOADS), "they are found, for titles and alerts are called so"


def test_an_address_is_text(watched: Page, hostile: str) -> None:
    watched.add_init_script("document.addEventListener('DOMContentLoaded', watch)")
    for some in batches(35):
        together = " ".join(some)
        for address in (f"search.html?q={quote(together)}", f"no/{quote(together, safe='')}"):
            watched.goto(f"{hostile}/{address}#{quote(together)}")
            expect(watched.locator(".ops-search-results")).to_have_attribute(
                "data-query", re.compile("."), timeout=20_000
            )
            assert watched.evaluate("found") == [], address


WALK = """
async (payloads) => {
  watch();
  const tree = document.querySelector("div.ops-tree[id]").id;
  // not each by itself: browsers allow so many changes of an address in a time
  for (let at = 0; at < payloads.length; at += 8) {
    const some = payloads.slice(at, at + 8);
    for (const hash of [some.join("/"), `${tree}/1.${some.join("/1.")}`, `${tree}/${some.map(encodeURIComponent).join("/")}`]) {
      const changed = new Promise((resolve) => addEventListener("hashchange", resolve, { once: true }));
      location.hash = hash;
      await changed;
    }
  }
  const steps = document.querySelectorAll("li.ops-node:not([hidden])").length;
  return [steps, found];
}
"""


def test_the_place_in_a_tree_is_text(watched: Page, hostile: str) -> None:
    watched.goto(f"{hostile}/pressure.html")
    steps, found = watched.evaluate(WALK, PAYLOADS)
    assert found == [] and steps >= 1


KEPT = """
async (payloads) => {
  watch();
  const scripts = [...document.scripts].map((one) => one.src).filter((src) => /\\/(?:blanks|checklist)\\.js/.test(src));
  const runAgain = (src) => new Promise((resolve, reject) => {
    document.head.append(Object.assign(document.createElement("script"), { src, onload: resolve, onerror: reject }));
  });
  const values = new Set();
  for (const payload of payloads) {
    // as on a page that has only now come: without what the last run has made
    document.querySelectorAll(".ops-clear, .ops-count").forEach((made) => made.remove());
    for (const part of document.querySelectorAll(".ops-input, .ops-ticked")) part.replaceWith(part.cloneNode(true));
    const fields = [...document.querySelectorAll(".ops-input [data-blank]")];
    const kept = Object.fromEntries([payload, ...fields.map((field) => field.dataset.blank)].map((name) => [name, payload]));
    localStorage.setItem(`drillbook-blanks:${location.pathname}`, payload.length % 5 ? JSON.stringify(kept) : payload);
    localStorage.setItem(`drillbook-ticks:${location.pathname}`, payload.length % 5 ? JSON.stringify([payload]) : payload);
    await Promise.all(scripts.map(runAgain));
    for (const field of fields) {
      field.value = payload;
      field.dispatchEvent(new Event("input"));
      field.dispatchEvent(new Event("change"));
    }
    for (const fill of document.querySelectorAll(".ops-fill")) values.add(fill.textContent);
  }
  return [[...values], scripts.length, found];
}
"""


def test_what_a_browser_has_kept_and_what_is_filled_in_is_text(watched: Page, hostile: str) -> None:
    for name in ("pumps", "hostile"):
        watched.goto(f"{hostile}/{name}.html")
        expect(watched.locator(".ops-input").first).to_be_visible()
        values, scripts, found = watched.evaluate(KEPT, PAYLOADS)
        assert found == [] and scripts == 2
        unsafe = [value for value in values if not re.fullmatch(r"[\w.,:/@%+=-]+|\{\{ [\w-]+ \}\}", value, re.ASCII)]
        assert not unsafe, "no command takes them"
