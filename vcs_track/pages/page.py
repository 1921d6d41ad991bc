"""One HTML document that stands alone: it asks for nothing and runs nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from vcs_track.pages.chart import COLOURS
from vcs_track.pages.markup import Html, joined, tag

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["POLICY", "framed", "page"]

# Nothing is loaded, no script runs, no form is sent, whatever a run has logged. A document in a
# frame inherits it.
POLICY: Final = (
    "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; "
    "form-action 'none'"
)

_STYLE: Final = """
:root { color-scheme: light dark; --back: #fff; --front: #1f2328; --dim: #59636e;
  --line: #d1d9e0; --soft: #f6f8fa; --good: #1a7f37; --bad: #cf222e;
  --new: #dafbe1; --gone: #ffebe9; %(light)s }
@media (prefers-color-scheme: dark) { :root { --back: #0d1117; --front: #e6edf3;
  --dim: #9198a1; --line: #3d444d; --soft: #151b23; --good: #3fb950; --bad: #f85149;
  --new: #12361f; --gone: #481b21; %(dark)s } }
@media print { :root { color-scheme: light; --back: #fff; --front: #000; --dim: #444;
  --line: #bbb; --soft: #f4f4f4; --good: #1a7f37; --bad: #cf222e; --new: #dafbe1;
  --gone: #ffebe9; %(light)s } nav { display: none !important }
  figure, tr { break-inside: avoid } pre { max-height: none !important;
  white-space: pre-wrap !important } pre span { width: auto !important } }
* { box-sizing: border-box }
body { margin: 0 auto; padding: 24px 20px 48px; max-width: 1240px; background: var(--back);
  color: var(--front); font: 15px/1.5 system-ui, "Segoe UI", Roboto, "Noto Sans", sans-serif;
  overflow-wrap: anywhere }
h1 { font-size: 22px; line-height: 1.3; margin: 0 0 12px }
h2 { font-size: 17px; margin: 34px 0 10px; padding-bottom: 5px;
  border-bottom: 1px solid var(--line) }
h3 { font-size: 14px; margin: 0 0 6px }
h2 small, h3 small { color: var(--dim); font-weight: 400; margin-left: 6px }
nav { display: flex; flex-wrap: wrap; gap: 6px; margin: 14px 0 }
nav a { color: inherit; text-decoration: none; background: var(--soft);
  border: 1px solid var(--line); border-radius: 14px; padding: 1px 11px; font-size: 13px }
nav a:hover, nav a:focus { border-color: currentColor }
table { border-collapse: collapse; font-size: 13px; display: block; overflow-x: auto;
  max-width: 100%%; width: fit-content; margin: 0 0 12px }
th, td { text-align: left; padding: 4px 12px 4px 0; vertical-align: top;
  border-bottom: 1px solid var(--line) }
th { color: var(--dim); font-weight: 600; white-space: nowrap }
td { min-width: 4ch; max-width: 60ch }
td.name { overflow-wrap: break-word; max-width: 44ch }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap }
td.w { white-space: nowrap }
.dim { color: var(--dim) }
.good { color: var(--good); font-weight: 600 } .bad { color: var(--bad); font-weight: 600 }
del, .gone { background: var(--gone); text-decoration: none; border-radius: 3px; padding: 0 3px }
ins, .new { background: var(--new); text-decoration: none; border-radius: 3px; padding: 0 3px }
code, pre, del, ins, .mono { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas,
  "DejaVu Sans Mono", monospace; font-size: 12.5px }
pre { margin: 0; padding: 8px 10px; background: var(--soft); border: 1px solid var(--line);
  border-radius: 6px; overflow-x: auto; max-height: 420px; tab-size: 4; line-height: 1.45 }
pre span { display: block; min-height: 1.45em; padding: 0 3px; border-radius: 0;
  width: max-content; min-width: 100%% }
.runs { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%%, 320px), 1fr));
  gap: 12px }
.run { border: 1px solid var(--line); border-top: 4px solid var(--c0); border-radius: 6px;
  padding: 10px 14px }
.run.b { border-top-color: var(--c1) }
.run dl { display: grid; grid-template-columns: max-content 1fr; gap: 1px 12px; margin: 6px 0 0;
  font-size: 13px }
.run dt { color: var(--dim) } .run dd { margin: 0 }
.charts { display: grid; gap: 16px;
  grid-template-columns: repeat(auto-fill, minmax(min(100%%, 360px), 1fr)) }
figure { margin: 0; min-width: 0; border: 1px solid var(--line); border-radius: 6px;
  padding: 10px 14px }
figcaption, .legend { font-size: 13px; color: var(--dim) }
.legend b { font-weight: 600; color: var(--front) }
.key { display: inline-block; width: 16px; height: 3px; border-radius: 2px; margin-right: 6px;
  vertical-align: middle }
svg.chart { display: block; width: 100%%; height: auto }
svg text { font-size: 11px; fill: var(--dim); font-family: inherit;
  font-variant-numeric: tabular-nums }
svg .grid { stroke: var(--line); stroke-width: .7 } svg .axis { stroke: var(--dim) }
svg .mark { stroke: var(--dim); stroke-dasharray: 2 3 }
svg .curve { stroke-width: 1.7; stroke-linecap: round; stroke-linejoin: round }
svg.spark { vertical-align: middle }
%(curves)s
.sides { display: grid; gap: 12px; margin: 8px 0 16px;
  grid-template-columns: repeat(auto-fit, minmax(min(100%%, 220px), 1fr)) }
.sides p { margin: 0 0 4px; font-size: 13px; color: var(--dim) }
.sides img { display: block; max-width: 100%%; max-height: 480px; min-width: min(100%%, 96px);
  height: auto; image-rendering: auto; background: repeating-conic-gradient(#8883 0 25%%,
  transparent 0 50%%) 0 0 / 16px 16px; border: 1px solid var(--line) }
iframe { display: block; width: 100%%; height: 320px; resize: vertical; overflow: auto;
  border: 1px solid var(--line); border-radius: 6px; background: #fff; color-scheme: light }
details { margin: 0 0 12px } summary { cursor: pointer; color: var(--dim); font-size: 13px }
article { margin: 0 0 20px }
.note { border-left: 4px solid var(--line); padding: 2px 12px; margin: 8px 0; color: var(--dim) }
footer { margin-top: 40px; font-size: 12px; color: var(--dim) }
"""
_LIGHT: Final = COLOURS
_DARK: Final = ("#f0883e", "#58a6ff", "#bc8cff", "#3fb950", "#f778ba", "#9198a1")


def _style() -> Html:
    def named(colours: Sequence[str]) -> str:
        return " ".join(f"--c{place}: {colour};" for place, colour in enumerate(colours))

    curves = "\n".join(
        f".c{place} {{ stroke: var(--c{place}) }} .k{place} {{ background: var(--c{place}) }}"
        for place in range(len(COLOURS))
    )
    text = _STYLE % {"light": named(_LIGHT), "dark": named(_DARK), "curves": curves}
    return Html(f"<style>{text}</style>")


def page(title: str, parts: Sequence[object]) -> str:
    r"""Return a document of HTML with everything in it.

    It fetches nothing, has no script, and a policy that forbids both to what it shows. Light
    or dark as the reader has it, and made for paper too.

    Args:
        title: Its title.
        parts: What is in its body; texts are escaped.

    Example:
        >>> from vcs_track.pages.page import page
        >>> text = page("a < b", ["x & y"])
        >>> "<title>a &lt; b</title>" in text, text.endswith("x &amp; y</body>\n</html>\n")
        (True, True)
    """
    head = [
        tag("meta", charset="utf-8"),
        # Before anything that it is to hold for.
        tag("meta", http_equiv="Content-Security-Policy", content=POLICY),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="referrer", content="no-referrer"),
        # A browser would ask a server for one.
        tag("link", rel="icon", href="data:,"),
        tag("title", title),
        _style(),
    ]
    return (
        f'<!DOCTYPE html>\n<html lang="en">\n<head>\n{joined(head, chr(10))}\n</head>\n'
        f"<body>\n{joined(list(parts), chr(10))}</body>\n</html>\n"
    )


def framed(markup: str, title: str) -> Html:
    """Return somebody else's HTML in a frame that it cannot leave.

    It runs no script, sends no form, opens no window and has an origin of its own. What it
    would load is forbidden by the policy of the page around it.

    Args:
        markup: The HTML.
        title: What it is, for those who cannot see it.
    """
    return tag("iframe", sandbox="", referrerpolicy="no-referrer", title=title,
               srcdoc=Html(_attribute(markup)))  # fmt: skip


def _attribute(text: str) -> str:
    # Every character stays as it is: it is a document, not a text to be shown.
    clean = (
        text.encode("utf-8", "replace").decode("utf-8").replace("\0", "\N{REPLACEMENT CHARACTER}")
    )
    return (
        clean.replace("&", "&amp;")
        .replace('"', "&quot;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
    )
