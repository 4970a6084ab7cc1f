"""The page in a real browser: what it draws, links, and leaves room for, at 400 and 1400 pixels.

Screenshots are kept in the folder of ``--report``, or else in the test's temporary one.
"""

import json
import re
import shutil
import subprocess

import pytest

from harness.report.drawings import FIGURES
from harness.report.page import PAPER_FIGURES, write_report
from harness.tests.report_helpers import CATALOGUE, sources

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
BROWSER = next(filter(None, map(shutil.which, NAMES)), None)
pytestmark = pytest.mark.skipif(
    BROWSER is None, reason="no Chromium here: ci/browser, or apt-get install chromium, brings one"
)

PROBE = r"""<script>
const errors = [];
addEventListener("error", event => errors.push(String(event.message)));
addEventListener("load", () => {
  const all = (selector, of = document) => [...of.querySelectorAll(selector)];
  const wide = document.documentElement;
  const before = wide.scrollWidth;
  all("details").forEach(it => { it.open = true; });
  const ids = all("[id]").map(it => it.id);
  const found = {
    errors, width: innerWidth, before, after: wide.scrollWidth,
    dark: getComputedStyle(document.body).backgroundColor,
    claims: all("article.claim").map(it => it.id),
    empty: all("article.claim").filter(it => it.getBoundingClientRect().height < 60).length,
    figures: Object.fromEntries(all("figure").map(it => {
      const svg = it.querySelector("svg"), box = svg.getBoundingClientRect();
      const drawn = all("path, use, text", svg).filter(part => {
        const size = part.getBoundingClientRect();
        return size.width + size.height > 0;
      });
      return [it.id, [box.width, box.height, drawn.length]];
    })),
    curves: all("svg.curve").every(it => it.getBoundingClientRect().width > 50),
    repeated: ids.filter((id, place) => ids.indexOf(id) !== place),
    broken: all("a[href]").map(it => it.getAttribute("href"))
      .filter(href => !href.startsWith("#") || !document.getElementById(href.slice(1))),
    uses: all("use").map(it => it.getAttribute("xlink:href") || it.getAttribute("href"))
      .filter(href => !document.getElementById(href.slice(1))),
    outside: all("[src], link, script[src], image").map(it => it.outerHTML)
      .filter(text => !text.includes("data:")),
    faint: Math.min(...all(".drawing:not(.on-paper) :is(text, path[style*=stroke])").map(it => {
      const style = getComputedStyle(it), ground = getComputedStyle(it.closest(".drawing"));
      const ink = it.tagName === "text" ? style.fill : style.stroke;
      const [one, other] = [ink, ground.backgroundColor].map(text => {
        const [r, g, b] = text.match(/[\d.]+/g).map(n => ((n / 255 + 0.055) / 1.055) ** 2.4);
        return 0.2126 * r + 0.7152 * g + 0.0722 * b + 0.05;
      });
      return it.style.stroke.includes("128") || !/rgb/.test(ink) ? 9
        : Math.max(one, other) / Math.min(one, other);
    })),
    mute: all("table").filter(it => !it.caption || all("th", it).some(th => !th.scope)).length,
    nameless: all("svg[role=img]").filter(it => !it.getAttribute("aria-label")).length,
    cut: all(".scroll").filter(it => it.scrollWidth > it.clientWidth).map(it => it.innerText),
    small: Math.min(...all("main p, main td, main th, main li").filter(it => it.innerText.trim())
      .map(it => parseFloat(getComputedStyle(it).fontSize))),
  };
  parent.postMessage(JSON.stringify(found), "*");
});
</script>"""

# A browser's window is at least 500 pixels wide, a frame in it is as wide as its attribute says.
FRAME = """<!doctype html><style>body {{ margin: 0 }} iframe {{ border: 0; display: block }}</style>
<script>
addEventListener("message", event => {{
  const pre = document.createElement("pre");
  pre.id = "probe";
  pre.textContent = event.data;
  document.body.append(pre);
}});
</script>
<iframe src="{name}" width="{width}" height="{height}"></iframe>"""
HEIGHT = 1600


def look(page, width, picture, profile, dark):
    """Load a page; return what the probe measured and what the browser had to say."""
    frame = page.with_name(f"frame-{width}.html")
    frame.write_text(FRAME.format(name=page.name, width=width, height=HEIGHT), encoding="utf-8")
    command = [BROWSER, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"]
    command += [f"--user-data-dir={profile}", "--enable-logging=stderr"]
    command += [
        f"--window-size={max(width, 500)},{HEIGHT}",
        f"--screenshot={picture}",
        "--dump-dom",
    ]
    command += ["--blink-settings=preferredColorScheme=0"] * dark
    done = subprocess.run(
        [*command, frame.as_uri()], capture_output=True, text=True, timeout=120, check=False
    )
    matched = re.search(r'<pre id="probe">(.*?)</pre>', done.stdout, re.DOTALL)
    assert matched, done.stderr[-2000:]
    text = matched[1].replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    said = [line for line in done.stderr.splitlines() if "CONSOLE" in line]
    return json.loads(text), said


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """The report of made-up evidence, with a script that measures it."""
    folder = tmp_path_factory.mktemp("report")
    made = sources()
    (path, _) = write_report(folder, made, CATALOGUE)
    assert made.notices == []
    html = path.read_text(encoding="utf-8")
    assert "<script" not in html
    allowed = html.replace("default-src 'none';", "default-src 'none'; script-src 'unsafe-inline';")
    assert allowed != html
    probed = folder / "probed.html"
    probed.write_text(allowed.replace("</head>", PROBE + "</head>"), encoding="utf-8")
    return probed


@pytest.fixture
def pictures(request, tmp_path):
    """Where screenshots are kept."""
    folder = request.config.getoption("--report", None)
    folder = folder / "screenshots" if folder else tmp_path
    folder.mkdir(parents=True, exist_ok=True)
    return folder.resolve()


@pytest.mark.parametrize(("width", "dark"), [(1400, False), (400, False), (400, True)])
def test_the_page_is_whole_in_a_browser(page, pictures, tmp_path, width, dark):
    picture = pictures / f"report-{width}{'-dark' * dark}.png"
    found, said = look(page, width, picture, tmp_path / "profile", dark)
    assert found["errors"] == [] and said == []
    assert found["width"] == width
    assert (found["before"], found["after"]) == (width, width), "the page must not scroll sideways"
    assert found["claims"] == [f"claim-{claim}" for claim in CATALOGUE] and not found["empty"]
    assert set(found["figures"]) == {*PAPER_FIGURES, "lemma1-interleaving"} <= set(FIGURES)
    for name, (wide, high, drawn) in found["figures"].items():
        assert wide > 250 and high > 100 and drawn > 20, name
    assert found["curves"]
    assert found["repeated"] == found["broken"] == found["uses"] == found["outside"] == []
    assert found["mute"] == found["nameless"] == 0, "for those who listen to it"
    assert found["small"] >= 11
    assert found["cut"] == [], "no column is out of sight, on a phone either"
    assert found["faint"] > 2.2, "lines and letters stand out from their ground, also in the dark"
    light = sum(map(int, re.findall(r"\d+", found["dark"])[:3])) > 600
    assert light != dark
    assert picture.stat().st_size > 20_000
