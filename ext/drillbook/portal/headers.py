"""The headers that every answer carries: what pages may do, and how long a reader's browser may keep them.

The policy lists the hashes of what the pages really carry inline, so that nothing else that gets into a page can run.
"""

from collections.abc import Iterable, Sequence
from typing import Any, Final
from urllib.parse import urlsplit

from drillbook.portal.look import Look

FILE: Final = "headers.json"
HASHED: Final = "public, max-age=31536000, immutable"  # the address changes when the content does
CHECKED: Final = "no-cache"  # kept, and asked for each time: an answer of a few bytes says that it is still good
HASHED_FOLDER: Final = "_portal/"
HASHED_QUERY: Final = "v="
LONGEST_POLICY: Final = 6000  # bytes; servers and proxies take 8 KB of headers in all


class PolicyError(ValueError):
    """The pages carry so much inline that no header can name it."""


def headers(looks: Sequence[Look], feedback: str) -> dict[str, str]:
    """The headers for what was found in all builds; *feedback* is where pages send what readers think.

    Raises:
        PolicyError: The policy would be too long.
    """
    policy = _policy(looks, feedback)
    if len(policy) > LONGEST_POLICY:
        attributes = len({one for look in looks for one in look.attributes})
        raise PolicyError(
            f"the Content-Security-Policy has {len(policy)} bytes, and {LONGEST_POLICY} is the most: the pages carry "
            f"{attributes} different style attributes. Publish fewer versions, or write pages with fewer of them"
        )
    return {
        "Content-Security-Policy": policy,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "same-origin",
        "X-Frame-Options": "DENY",  # frame-ancestors, for browsers that do not know it
        "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
        "Cross-Origin-Opener-Policy": "same-origin",
    }


def as_data(given: dict[str, str]) -> dict[str, Any]:
    """For servers that read ``headers.json``."""
    return {"headers": given, "cache": {"hashed": HASHED, "other": CHECKED}}


def _policy(looks: Sequence[Look], feedback: str) -> str:
    away = urlsplit(feedback)
    others = [f"{away.scheme}://{away.netloc}"] if away.scheme and away.netloc else []
    wasm = ["'wasm-unsafe-eval'"] if any(look.wasm for look in looks) else []
    attributes = _hashes(one for look in looks for one in look.attributes)
    parts = {
        "default-src": ["'none'"],
        "script-src": ["'self'", *_hashes(one for look in looks for one in look.scripts), *wasm],
        "style-src": ["'self'", *_hashes(one for look in looks for one in look.styles)],
        "style-src-attr": ["'unsafe-hashes'", *attributes] if attributes else ["'none'"],
        "img-src": ["'self'", "data:"],  # themes draw their icons so
        "font-src": ["'self'"],
        "media-src": ["'self'", "data:"],  # captions stand in the page
        "connect-src": ["'self'", *others],
        "manifest-src": ["'self'"],
        "form-action": ["'self'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
    }
    return "; ".join(f"{name} {' '.join(values)}" for name, values in parts.items())


def _hashes(found: Iterable[str]) -> list[str]:
    return [f"'sha256-{one}'" for one in sorted(set(found))]
