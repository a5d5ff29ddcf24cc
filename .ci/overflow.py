"""What of a page is clipped, at three widths, light and dark, closed and opened: in a browser.

Clipped is what reaches beyond the right edge of the window without standing in a region that can
be scrolled, and text that is cut off by its own box.  Hidden is what a region shows only when it is
scrolled sideways, unless a shade at its edge, or a card cut in half, says that there is more.
"""

import html
import json
import re
import subprocess
import sys
import tempfile
from itertools import product
from pathlib import Path

WIDTHS = (390, 768, 1280)
HIGHEST = 8_000  # pixels of the closed page, at each width
FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"),
    *("--disable-background-networking", "--disable-component-update", "--no-first-run"),
    "--disable-sync",
)
POLICY = re.compile(r'<meta http-equiv="Content-Security-Policy"[^>]*>')  # it lets no script run
DARK = "@media (prefers-color-scheme: dark)"
MEASURE = """
<script>
const scrolls = (node) => {
  for (let n = node; n; n = n.parentElement) {
    if (/auto|scroll/.test(getComputedStyle(n).overflowX)) return true;
  }
  return false;
};
const named = (node, box) => [
  node.tagName.toLowerCase(), node.getAttribute("class") || "", node.id,
  node.textContent.trim().slice(0, 40), Math.round(box.right),
].join(" | ");
addEventListener("load", () => {
  const wide = document.documentElement.clientWidth, found = [];
  for (const node of document.body.querySelectorAll("*")) {
    if (node.closest("details:not([open]) > :not(summary)")) continue;
    const style = getComputedStyle(node), box = node.getBoundingClientRect();
    if (!box.width || style.clipPath !== "none" || box.right < 0) continue;
    const past = box.right > wide + 1 && !scrolls(node.parentElement);
    const cut = /hidden|clip/.test(style.overflowX) && node.scrollWidth > node.clientWidth + 1;
    const sideways = /auto|scroll/.test(style.overflowX) && node.scrollWidth > node.clientWidth + 1;
    const shown = /gradient/.test(style.backgroundImage) || style.scrollSnapType !== "none";
    const hidden = sideways && !shown;
    if (past || cut || hidden) found.push(named(node, box));
  }
  const height = document.documentElement.scrollHeight;
  const place = parent.document.body.appendChild(parent.document.createElement("pre"));
  place.id = "measured";
  place.textContent = JSON.stringify({
    width: innerWidth, height, found: found.slice(0, 12), count: found.length,
  });
});
</script>
"""


def staged(page: str, dark: bool, opened: bool) -> str:
    """The page in one of its states, by its text alone."""
    page = POLICY.sub("", page).replace(DARK, "@media all" if dark else "@media not all")
    return re.sub(r"<details(?![^>]* open)", "<details open", page) if opened else page


def framed(text: str, width: int, height: int) -> str:
    """The page in a frame of that width: a window of the browser is never below 500 pixels."""
    style = f"border:0;display:block;width:{width}px;height:{height}px"
    return (
        f'<!doctype html><meta charset="utf-8"><body style="margin:0"><iframe style="{style}" '
        f'srcdoc="{html.escape(text, quote=True)}"></iframe>'
    )


def asked(browser: str, text: str, width: int, height: int, *more: str) -> str:
    with tempfile.TemporaryDirectory() as room:
        file = Path(room) / "page.html"
        file.write_text(framed(text, width, height), encoding="utf-8")
        words = [browser, *FLAGS, f"--user-data-dir={room}/profile"]
        words += [f"--window-size={max(width, 500)},{height}", *more, file.as_uri()]
        done = subprocess.run(words, text=True, capture_output=True, timeout=300, check=True)
    return done.stdout


def measured(browser: str, page: str, width: int) -> dict:
    dom = asked(browser, page + MEASURE, width, 900, "--dump-dom")
    said = re.search(r'<pre id="measured">(.*?)</pre>', dom, re.DOTALL)
    if said is None:
        raise ValueError("the page said nothing: did the script of the measurement run?")
    return json.loads(html.unescape(said[1]))


def cropped(picture: Path, width: int) -> None:
    """Without what stands beside a frame that is narrower than the window."""
    from PIL import Image

    whole = Image.open(picture)
    whole.crop((0, 0, width, whole.height)).save(picture)


PLANTED = """<!doctype html><html lang="en"><style>
body { margin: 0; } p { width: 999px; margin: 0; } .side { overflow-x: auto; width: 300px; }
.shade { background-image: linear-gradient(to left, #0003, transparent); }
.cut { overflow: hidden; width: 300px; }
</style><body><p id="past">past the edge</p><div class="cut" id="cut"><p>cut off</p></div>
<div class="side" id="hidden"><p>hidden</p></div>
<div class="side shade" id="shaded"><p>scrolled, and a shade says so</p></div></body></html>"""
CAUGHT = {"past", "cut", "hidden"}  # by their ids; a page in which they are not seen proves nothing


def controlled(browser: str) -> None:
    """Raises ValueError where the measurement does not see what is planted, or sees more."""
    said = measured(browser, PLANTED, WIDTHS[0])["found"]
    seen = {one.split(" | ")[2] for one in said} - {""}
    if seen != CAUGHT:
        raise ValueError(f"planted are {sorted(CAUGHT)}, and {sorted(seen)} were seen")


def main(browser: str, path: str, folder: str = "") -> int:
    controlled(browser)
    page, bad = Path(path).read_text(encoding="utf-8"), 0
    for width, dark, opened in product(WIDTHS, (False, True), (False, True)):
        text = staged(page, dark, opened)
        said = measured(browser, text, width)
        shade, state = "dark" if dark else "light", "opened" if opened else "closed"
        print(f"{width} px, {shade}, {state}: {said['height']:,} px high, {said['count']} clipped")
        print("".join(f"    {one}\n" for one in said["found"]), end="", flush=True)
        high = not opened and said["height"] > HIGHEST
        bad += said["count"] + high + (said["width"] != width)
        if folder and not opened:
            target = Path(folder).resolve() / f"{width}-{shade}.png"
            asked(browser, text, width, said["height"], f"--screenshot={target}")
            cropped(target, width)
    return int(bool(bad))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
