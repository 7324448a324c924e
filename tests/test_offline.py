"""The archive for reading without a server: opened from the file system, in a real browser."""

import re
import shutil
import zipfile
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

import pytest
from lxml import html as parser
from mkdocs.exceptions import PluginError

from hosting.offline import FOLDER, pack, script
from tests.conftest import ROOT


@pytest.fixture(scope="module")
def archive(site, tmp_path_factory) -> Path:
    archive = tmp_path_factory.mktemp("archive") / "offline.zip"
    pack(site, archive)
    return archive


@pytest.fixture(scope="module")
def folder(archive, tmp_path_factory) -> Path:
    """The unpacked archive, at a path with a space and Chinese in it, as readers have them."""
    place = tmp_path_factory.mktemp("我的 下载")
    with zipfile.ZipFile(archive) as packed:
        packed.extractall(place)
    return place / FOLDER


def test_the_same_site_gives_the_same_bytes(site, archive, tmp_path):
    copy = tmp_path / "site"
    shutil.copytree(site, copy, copy_function=shutil.copyfile)  # other times, other modes
    pack(copy, tmp_path / "again.zip")
    assert (tmp_path / "again.zip").read_bytes() == archive.read_bytes()


def test_it_can_be_sent_by_mail(archive):
    assert archive.stat().st_size < 20e6


def test_every_link_names_a_file_that_is_there(folder):
    pages = list(folder.rglob("*.html"))
    assert len(pages) > 120
    for page in pages:
        tree = parser.parse(str(page)).getroot()
        for link in tree.xpath(
            "//a/@href | //@src | //link[@rel='stylesheet' or @rel='icon']/@href"
        ):
            target = urlsplit(urljoin(page.as_uri(), link))
            if target.scheme == "file":
                assert Path(unquote(target.path)).is_file(), f"{page.relative_to(folder)}: {link}"


@pytest.fixture(scope="module")
def reader(browser, folder):
    """Opens a page of the folder; whatever the browser complains of, or asks elsewhere, fails."""
    faults = []
    context = browser.new_context()

    def open_page(path: str):
        page = context.new_page()
        page.on("console", lambda m: m.type == "error" and faults.append(m.text))
        page.on("pageerror", lambda e: faults.append(str(e)))
        page.on("requestfailed", lambda r: faults.append(f"failed: {r.url}"))
        home = (folder.as_uri(), "data:", "blob:")
        page.on("request", lambda r: not r.url.startswith(home) and faults.append(r.url))
        page.goto((folder / path).as_uri())
        return page

    yield open_page
    context.close()
    assert not faults, faults


SEARCHES = [("", "数值稳定", "numerical_stability"), ("en/", "label smoothing", "label_smoothing")]


@pytest.mark.parametrize(("home", "query", "found"), SEARCHES)
def test_search_finds_what_it_finds_on_the_site(reader, folder, home, query, found):
    page = reader(f"{home}functions/softmax/index.html")
    page.locator(".hb-search").click()
    dialog = page.locator("dialog[open]")
    dialog.locator("input, textarea").first.fill(query)
    links = dialog.locator(f"a[href*='/{home}']")
    links.first.wait_for()
    page.wait_for_timeout(300)
    addresses = [links.nth(k).get_attribute("href") for k in range(links.count())]
    pages = list(dict.fromkeys(address.partition("#")[0] for address in addresses))
    (place,) = [k for k, address in enumerate(pages) if found in address][:1]
    assert place < 3, pages
    dialog.locator(f"a[href*='{found}']").first.click()
    page.wait_for_url(re.compile(rf"{re.escape(folder.as_uri())}/{home}\w+/{found}/index.html"))
    assert page.locator("article h1").is_visible()


@pytest.mark.parametrize("home", ["", "en/"])
def test_formulas_figures_and_languages(reader, folder, home):
    page = reader(f"{home}functions/softmax/index.html")
    assert page.locator("figure.plot svg").first.bounding_box()["width"] > 300
    assert page.locator(".formula .katex-html").first.bounding_box()["height"] > 15
    assert page.evaluate("document.fonts.ready.then(() => document.fonts.check('16px KaTeX_Main'))")
    assert page.evaluate("[...document.fonts].some(f => f.status === 'loaded')")
    page.locator(".hb-language").click()
    other = "" if home else "en/"
    page.wait_for_url(f"{folder.as_uri()}/{other}functions/softmax/index.html")


def test_a_module_becomes_a_classic_script(tmp_path):
    """Its imports bundled, its exports kept, its own import() answered by the shim."""
    (tmp_path / "part.js").write_text("export const one = 1;\n")
    module = tmp_path / "module.js"
    module.write_text(
        'import { one } from "./part.js";\nexport const two = () => one + 1;\n'
        "export const later = (name) => import(`${import.meta.url}${name}`);\n"
    )
    text = script("search/module.js", module)
    assert '["search/module.js"]=' in text and "offlineImport(" in text
    assert not re.search(r"\bexport\b|\bimport\b", text.replace("offlineImport", ""))
    plain = tmp_path / "plain.js"
    plain.write_text("const say = 'we import goods';\n")
    assert script("plain.js", plain) == plain.read_text()


def test_a_faulty_module_stops_the_packing(tmp_path):
    faulty = tmp_path / "faulty.js"
    faulty.write_text("export { nothing };\n")
    with pytest.raises(PluginError, match="nothing"):
        script("faulty.js", faulty)


def test_the_lab_and_the_search_need_no_other_way(folder):
    """Each script in the archive is a classic one: file:// runs no other."""
    for path in folder.rglob("*.html"):
        assert 'type="module"' not in path.read_text("utf-8"), path
    assert (ROOT / "hosting/offline.js").read_bytes() == (folder / "assets/offline.js").read_bytes()
