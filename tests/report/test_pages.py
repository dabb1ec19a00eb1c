"""Reports in a browser: nothing runs, nothing is requested, the page fits a phone, and it can be printed."""

from __future__ import annotations

import json
import re
from urllib.parse import unquote

import pytest
from report import chromium
from report.test_report import HOSTILE, MADE

WIDE, NARROW = 1200, 390


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """Return a function that returns the file of a report by name, generated once."""
    directory = tmp_path_factory.mktemp("pages")

    def of(name):
        path = directory / f"{name}.html"
        if not path.exists():
            path.write_text(MADE[name]().html, "utf-8")
        return path

    return of


def with_script(page, script):
    """Return a copy of a page that runs a script, which its policy does not allow."""
    text = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", page.read_text("utf-8"))
    copy = page.with_name(f"scripted-{page.name}")
    copy.write_text(text.replace("</body>", f"<script>{script}</script></body>"), "utf-8")
    return copy


def result(page):
    return re.search(r"<title>(.*?)</title>", chromium.loaded(page)[0], re.DOTALL)[1]


def test_browser_messages_about_a_bad_page_are_detected(tmp_path):
    bad = tmp_path / "bad.html"
    bad.write_text("<title>a</title><script>document.title = 'run'; missing()</script>")
    found, said = chromium.loaded(bad)
    assert "<title>run</title>" in found
    assert any("missing is not defined" in line for line in said)


@pytest.mark.parametrize("name", ["sample", "hostile", "empty", "one"])
def test_a_browser_reports_no_problems(pages, name):
    found, said = chromium.loaded(pages(name))
    assert said == []
    title = "&lt;script&gt;document.title = 'run'&lt;/script&gt;" if name == "hostile" else "Product analytics"
    assert f"<title>{title}</title>" in found
    assert not re.search(r"<(script|img|iframe)\b", found)


def test_an_injected_script_does_not_run(pages):
    page = pages("one")
    bad = page.with_name("bad.html")
    bad.write_text(page.read_text("utf-8").replace("</body>", "<script>document.title = 'run'</script></body>"), "utf-8")
    found, said = chromium.loaded(bad)
    assert "<title>Product analytics</title>" in found
    assert any("Content Security Policy" in line for line in said)


@pytest.mark.parametrize("name", ["sample", "hostile"])
def test_a_phone_scrolls_tables_and_not_the_page(pages, name, tmp_path):
    # The narrowest window of Chromium is wider than a phone, so an iframe of the page is measured.
    page = pages(name)
    scripted = with_script(
        page,
        f"""
        document.documentElement.style.width = document.body.style.width = '{NARROW}px';
        const wide = [...document.querySelectorAll('body *')].filter(each => each.getBoundingClientRect().right > {NARROW} + 1
            && !each.closest('.scroll, figure, pre, .skip'));
        document.title = wide.map(each => each.tagName + ' ' + each.textContent.slice(0, 40)).join('; ') || 'fits';""",
    )
    assert result(scripted) == "fits"


def test_hostile_texts_are_shown_as_they_are(pages):
    # Table texts as read by the browser, which reads a carriage return in a document as a line feed.
    scripted = with_script(
        pages("hostile"),
        """
        const texts = [...document.querySelectorAll('tbody th, td')].map(each => each.textContent);
        document.title = encodeURIComponent(JSON.stringify(texts));""",
    )
    shown = set(json.loads(unquote(result(scripted))))
    assert {text.replace("\r", "\n") for text in HOSTILE} <= shown


def test_dark_and_light_differ_and_the_page_prints(pages, tmp_path):
    page = pages("small")
    corners = {}
    for dark in (False, True):
        target = tmp_path / f"{dark}.png"
        chromium.picture(page, target, WIDE, 800, dark=dark)
        width, height, corners[dark] = chromium.corner(target)
        assert (width, height) == (WIDE, 800)
    assert min(corners[False]) > 240
    assert max(corners[True]) < 50
    printed = tmp_path / "report.pdf"
    chromium.pdf(page, printed)
    content = printed.read_bytes()
    assert content.startswith(b"%PDF")
    assert 3 <= len(re.findall(rb"/Type\s*/Page\b", content)) <= 20
