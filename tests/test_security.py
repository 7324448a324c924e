"""The policy in every page: the site works under it, and what got in some other way does not."""

import re

import pytest
from lxml import html as parser

from hooks.security import inline_scripts, site_policy
from tests.serving import kinds

PAGES = [
    f"{home}{kind}" for kind in kinds() for home in ("", "en/") if home + kind != "en/404.html"
]


def directives(policy: str) -> dict[str, list[str]]:
    return {name: sources for name, *sources in (part.split() for part in policy.split(";"))}


def policy_of(tree) -> str:
    """A page's policy; there is one, and it stands before whatever it governs."""
    (tag,) = tree.xpath("//head/meta[@http-equiv='Content-Security-Policy']")
    assert not tag.xpath("preceding-sibling::*[not(self::meta)]")
    return tag.get("content")


def test_every_page_allows_the_site_and_its_own_scripts_alone(site):
    paths = [path for path in site.rglob("*.html")]
    assert len(paths) > 100
    for path in paths:
        text = path.read_text("utf-8")
        tree = parser.fromstring(text)
        rules = directives(policy_of(tree))
        assert rules["default-src"] == ["'none'"], path
        assert "'unsafe-inline'" not in rules["script-src"], path
        assert "'unsafe-eval'" not in rules["script-src"], path
        everything = {source for sources in rules.values() for source in sources}
        assert not [s for s in everything if "*" in s or "//" in s], path
        assert inline_scripts(text) == {s for s in rules["script-src"] if s.startswith("'sha256-")}
        assert not tree.xpath("//@*[starts-with(name(), 'on')]"), f"{path}: an inline handler"
        assert tree.xpath("//meta[@name='referrer']/@content"), path


def test_the_header_for_hosts_allows_what_every_page_allows(site):
    """A browser asks both policies: a script that the header does not know would not run."""
    header = directives(site_policy(site))
    assert header["frame-ancestors"] == ["'none'"]
    for path in (site / "index.html", site / "404.html", *site.glob("en/*/*/index.html")):
        for name, sources in directives(policy_of(parser.parse(str(path)).getroot())).items():
            assert set(sources) <= set(header[name]), (path, name)


def test_data_is_no_script():
    assert not inline_scripts('<script id="a" type="application/json">{}</script>')
    assert not inline_scripts('<script src="a.js"></script>')
    # printf 'f()' | openssl dgst -sha256 -binary | base64
    assert inline_scripts("<script>f()</script>") == {
        "'sha256-GcEEE0IkDzIP5EQ6DXZaDPORqT5RTBELX8Fyzyg9yvo='"
    }


@pytest.mark.parametrize("path", PAGES)
def test_no_page_breaks_its_policy(browser, address, path):
    """Nor asks another host for anything; an injected script does not run."""
    context = browser.new_context()
    page, said, asked = context.new_page(), [], []
    page.add_init_script(
        "window.broken = []; addEventListener('securitypolicyviolation',"
        " e => broken.push(`${e.violatedDirective} ${e.blockedURI} ${e.sourceFile}`))"
    )
    page.on("console", lambda message: said.append(message.text))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(address + path)
    if path in ("", "en/"):
        page.keyboard.press("/")
        page.locator("textarea:focus").press_sequentially("softmax")
        page.locator(".hb-find-results a").first.wait_for()
    assert page.evaluate("broken") == []
    assert not [text for text in said if "Content Security Policy" in text or "Refused" in text]
    assert not [url for url in asked if not url.startswith((address, "data:", f"blob:{address}"))]
    page.evaluate(
        """() => new Promise((done) => {
          addEventListener("securitypolicyviolation", () => broken.length > 1 && done());
          const script = document.createElement("script");
          script.textContent = "window.injected = true";
          document.body.append(script);
          const image = "<img src='data:,' onerror='window.injected = true'>";
          document.body.insertAdjacentHTML("beforeend", image);
        })"""
    )
    assert page.evaluate("window.injected") is None
    assert all(re.match("script-src", entry) for entry in page.evaluate("broken"))
    context.close()
