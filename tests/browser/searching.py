"""What the search of a page shows for what is typed."""

from playwright.sync_api import Page, expect


def searched(page: Page, query: str) -> list[str]:
    """The addresses of what is found, each with its place on the page, in the order in which a reader sees them."""
    page.locator(".ops-search-input").fill(query)
    expect(page.locator(".ops-search-results")).to_have_attribute("data-query", query, timeout=20_000)
    links: list[str] = page.locator(".ops-search-result").evaluate_all("links => links.map(link => link.href)")
    return links
