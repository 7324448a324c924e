"""The built site as a host serves it: the real server configuration, and the workflows."""

import gzip
import http.client
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import pytest
import yaml
from lxml import html as parser

from hooks.hosts import HASHED, HEADERS
from hooks.security import site_policy
from tests.addresses import ADDRESSES
from tests.conftest import ROOT
from tests.markdown import DOCS, Page

NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
HOOKS = sorted((ROOT / "hooks").glob("*.py"))
WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))
needs_nginx = pytest.mark.skipif(
    not NGINX and not os.environ.get("CI"), reason="no nginx: apt-get install nginx-light (Debian)"
)


def commands(name: str) -> list[str]:
    """The lines of about/host's console fence that stands in a section."""
    page = Page.read(DOCS / "about/host.en.md")
    start = next(h.line for h in page.headings if h.id == name)
    return next(f.body for f in page.fences if f.line > start).splitlines()


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def wait_for(process: subprocess.Popen, port: int, log: Path) -> None:
    """Until the server answers; fails with what it said where it ends instead."""
    for _ in range(200):
        if process.poll() is not None:
            pytest.fail(f"the server does not start:\n{log.read_text()}", pytrace=False)
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.05)
    pytest.fail(f"the server does not answer:\n{log.read_text()}", pytrace=False)


class Server:
    """The site behind nginx: the configuration of the Dockerfile, the commands of about/host."""

    def __init__(self, site: Path, folder: Path):
        self.port = free_port()
        config = (ROOT / "hosting/nginx.conf").read_text("utf-8")
        assert config.count("listen 8080;") == 1
        config = config.replace("listen 8080;", f"listen 127.0.0.1:{self.port};")
        (folder / "hosting").mkdir()
        (folder / "hosting/nginx.conf").write_text(config, "utf-8")
        *prepare, start = commands("nginx")
        shutil.copytree(site, folder / "site")
        for line in prepare:
            subprocess.run(line, shell=True, cwd=folder, check=True)
        if os.geteuid() == 0:  # its workers would be nobody, who may not read pytest's folders
            start = start.replace('-g "', '-g "user root; ')
        log = folder / "log"
        path = f"{os.environ['PATH']}:{Path(NGINX).parent}"
        with log.open("w") as output:
            self.process = subprocess.Popen(
                ["bash", "-c", f"exec {start}"],
                cwd=folder,
                env=os.environ | {"PATH": path},
                stderr=output,
            )
        wait_for(self.process, self.port, log)

    def ask(self, path: str, method: str = "GET", **headers) -> http.client.HTTPResponse:
        """One request; the body is read into `content`. Paths are sent as they are."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, headers=names)
        answer = connection.getresponse()
        answer.content = answer.read()
        connection.close()
        return answer


@pytest.fixture(scope="module")
def server(site, tmp_path_factory):
    server = Server(site, tmp_path_factory.mktemp("nginx"))
    yield server
    server.process.terminate()
    server.process.wait(10)


TYPES = {
    "/": "text/html; charset=utf-8",
    "/en/functions/softmax/": "text/html; charset=utf-8",
    "/assets/search.css": "text/css; charset=utf-8",
    "/assets/search.js": "text/javascript; charset=utf-8",
    "/assets/mark.svg": "image/svg+xml; charset=utf-8",
    "/sitemap.xml": "application/xml; charset=utf-8",
    "/handbook.json": "application/json; charset=utf-8",
    "/llms.txt": "text/plain; charset=utf-8",
    "/en/functions/softmax/index.md": "text/markdown; charset=utf-8",
    "/functions/softmax/softmax.ipynb": "application/x-ipynb+json; charset=utf-8",
}


@needs_nginx
@pytest.mark.parametrize("path", TYPES)
def test_types_and_compression(server, path):
    plain, packed = server.ask(path), server.ask(path, Accept_Encoding="gzip")
    assert plain.status == 200 and plain.headers["Content-Type"] == TYPES[path]
    if len(plain.content) >= 512:
        assert packed.headers["Vary"] == "Accept-Encoding"
        assert packed.headers["Content-Encoding"] == "gzip"
        assert gzip.decompress(packed.content) == plain.content
        assert len(packed.content) < 0.6 * len(plain.content)


@needs_nginx
@pytest.mark.parametrize("path", ["/", "/assets/search.css", "/nowhere/", "/functions"])
def test_every_answer_has_the_headers(server, site, path):
    answer = server.ask(path)
    expected = HEADERS | {"Content-Security-Policy": site_policy(site)}
    assert {name: answer.headers[name] for name in expected} == expected
    assert answer.headers["Server"] == "nginx", "the version is nobody's business"


@needs_nginx
def test_hashed_files_are_kept_and_pages_are_asked_for_again(server, site):
    for pattern in HASHED:
        found = list(site.glob(pattern.lstrip("/")))
        assert found, f"nothing is called {pattern} any more"
        for path in found:
            assert re.search(r"[0-9a-f]{7,}", path.name), f"{path.name} has no hash in its name"
            cache = server.ask(f"/{path.relative_to(site)}").headers["Cache-Control"]
            assert cache == "public, max-age=31536000, immutable"
    for path in ("/", "/en/functions/softmax/", "/assets/search.css", "/assets/search.js"):
        answer = server.ask(path)
        assert answer.headers["Cache-Control"] == "public, max-age=300"
        again = server.ask(path, If_None_Match=answer.headers["ETag"])
        assert again.status == 304 and not again.content
    missing = server.ask(HASHED[0].replace("*", "nothing"))
    assert missing.status == 404 and "immutable" not in missing.headers["Cache-Control"]


UNKNOWN = {
    "/nowhere/": "zh",
    "/functions/nowhere": "zh",
    "/assets/": "zh",  # a folder without a page: no listing
    "/_headers": "zh",
    "/_nginx/server.conf": "zh",
    "/vercel.json": "zh",
    "/.git/config": "zh",
    "/en/nowhere/": "en",
    "/en/functions/nowhere/": "en",
}


@needs_nginx
@pytest.mark.parametrize("path", UNKNOWN)
def test_an_unknown_address_is_answered_in_its_language(server, site, path):
    answer = server.ask(path)
    page = site / ("404.html" if UNKNOWN[path] == "zh" else "en/404.html")
    assert answer.status == 404 and answer.content == page.read_bytes()
    assert f'<html lang="{UNKNOWN[path]}"' in answer.content.decode()
    assert 'class="hb-search"' in answer.content.decode(), "search is missing"
    word = {"zh": "<span>搜索</span>", "en": "<span>Search</span>"}[UNKNOWN[path]]
    assert word in answer.content.decode()


@needs_nginx
def test_an_address_without_its_slash_and_an_old_one_lead_on(server):
    for old, new in {
        "/functions/softmax": "/functions/softmax/",
        "/en": "/en/",
        "/losses/binary_cross_entropy/": "/losses/bce_loss/",
        "/en/losses/binary_cross_entropy": "/en/losses/bce_loss/",
    }.items():
        answer = server.ask(old)
        assert (answer.status, answer.headers["Location"]) == (301, new)
        assert server.ask(new).status == 200


@needs_nginx
def test_head_ranges_and_other_methods(server):
    whole, head = server.ask("/assets/search.css"), server.ask("/assets/search.css", "HEAD")
    assert head.status == 200 and not head.content
    assert int(head.headers["Content-Length"]) == len(whole.content)
    part = server.ask("/assets/search.css", Range="bytes=10-19")
    assert part.status == 206 and part.content == whole.content[10:20]
    assert server.ask("/assets/search.css", Range="bytes=99999999-").status == 416
    assert server.ask("/", "POST").status == 405
    assert server.ask("/", "DELETE").status == 405


@needs_nginx
@pytest.mark.parametrize(
    "path",
    [
        "/../nginx.conf",
        "/..%2fnginx.conf",
        "/assets/../../nginx.conf",
        "/assets/%2e%2e/%2e%2e/nginx.conf",
        "/assets..%2f..%2fnginx.conf",
        "//etc/passwd",
    ],
)
def test_nothing_outside_the_site_is_served(server, path):
    answer = server.ask(path)
    assert answer.status in (400, 404) and b"worker_processes" not in answer.content


@needs_nginx
@pytest.mark.parametrize("path", ["", "en/", "functions/softmax/", "en/losses/", "en/nowhere/"])
def test_a_browser_finds_nothing_forbidden(browser, server, path):
    """Under the policy a page loads whole, and search works."""
    faults = []
    page = browser.new_page()
    page.on("console", lambda m: m.type == "error" and faults.append(m.text))
    page.on("pageerror", lambda e: faults.append(str(e)))
    page.goto(f"http://127.0.0.1:{server.port}/{path}", wait_until="networkidle")
    page.locator(".hb-search").click()
    page.locator("dialog[open]").locator("input, textarea").first.fill("softmax")
    page.locator("dialog[open] a[href*='softmax']").first.wait_for()
    page.close()
    if "nowhere" in path:  # its own status is told as an error, and is meant
        faults = [fault for fault in faults if "404" not in fault]
    assert not faults, faults


# -- the page that tells how -------------------------------------------------------------------


def test_python_serves_what_is_built(site, tmp_path):
    (tmp_path / "site").symlink_to(site)
    (command,) = commands("server")
    assert command.endswith(" 8080") and "--bind 127.0.0.1" in command
    port, log = free_port(), tmp_path / "log"
    with log.open("w") as output:
        words = [sys.executable, *command.removesuffix("8080").split()[1:], str(port)]
        process = subprocess.Popen(words, cwd=tmp_path, stdout=output, stderr=output)
    try:
        wait_for(process, port, log)
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        connection.request("GET", "/en/functions/softmax/")
        answer = connection.getresponse()
        assert answer.status == 200 and b"<h1" in answer.read()
        connection.close()
    finally:
        process.terminate()
        process.wait(10)


def test_what_the_page_on_hosting_names_exists(site):
    make = (ROOT / "Makefile").read_text("utf-8")
    docker = (ROOT / "Dockerfile").read_text("utf-8")
    for language in ("zh", "en"):
        page = Page.read(DOCS / f"about/host.{language}.md")
        for target in re.findall(r"\bmake (\w+)", "".join(f.body for f in page.fences)):
            assert f"\n{target}:" in make, target
        for name in re.findall(r"--build-arg (\w+)=", page.text):
            assert f"\nARG {name}" in docker, name
        build, _, programs = page.text.partition("{ #server }")
        read = "".join(path.read_text("utf-8") for path in [*HOOKS, ROOT / "mkdocs.yml"])
        for name in re.findall(r"^\| `(\w+)`", build, re.M):
            assert name in read, f"nothing reads {name}"
        for row in re.findall(r"^\| (`.*?`) \|", programs, re.M):
            for name in re.findall(r"`(.*?)`", row):
                assert (site / name).is_file(), name


# -- other hosts -------------------------------------------------------------------------------


def test_every_host_is_told_the_same(site):
    headers = (site / "_headers").read_text("utf-8")
    told = dict(line.strip().split(": ", 1) for line in headers.splitlines() if ": " in line)
    assert max(map(len, headers.splitlines())) <= 2000, "Cloudflare Pages drops a longer line"
    vercel = json.loads((site / "vercel.json").read_text("utf-8"))
    rule = {pair["key"]: pair["value"] for pair in vercel["headers"][0]["headers"]}
    nginx = (site / "_nginx/server.conf").read_text("utf-8")
    for name, value in rule.items():
        assert told[name] == value and f'add_header {name} "{value}" always;' in nginx
    assert set(HEADERS) < set(rule)
    moved = {rule["source"]: rule["destination"] for rule in vercel["redirects"]}
    lines = [line.split() for line in (site / "_redirects").read_text("utf-8").splitlines()]
    assert moved == {old: new for old, new, status in lines if status == "301"} and moved
    for old, new in moved.items():
        assert (site / new.strip("/") / "index.html").exists(), f"{old} leads nowhere"


# -- below a path of its own -------------------------------------------------------------------


def test_below_a_path_every_link_leads_somewhere(published):
    """What a crawler finds, starting at the home page and the two pages for unknown addresses."""
    root, home = published.parent, "https://example.org/logits/"
    waiting, seen = [home, f"{home}404.html", f"{home}en/404.html"], set()
    while waiting:
        address = waiting.pop()
        if address in seen:
            continue
        seen.add(address)
        place = root / urlsplit(address).path.lstrip("/")
        place = place / "index.html" if address.endswith("/") else place
        assert place.is_file(), f"{address} does not exist"
        if place.suffix != ".html":
            continue
        tree = parser.parse(str(place)).getroot()
        for link in tree.xpath("//@href | //@src"):
            target = urlsplit(urljoin(address, link))._replace(query="", fragment="")
            if target.netloc == "example.org" and not target.path.startswith("/repository"):
                assert target.path.startswith("/logits/"), f"{address}: {link} leaves the site"
                waiting.append(target.geturl())
    assert len(seen) > 2 * 62


# -- published addresses -----------------------------------------------------------------------


def test_published_addresses_answer(site):
    """Each page that was ever published is there, or leads to one that is; so does each heading."""
    published = ADDRESSES.read_text("utf-8").split()
    assert len(published) > 500 and published == sorted(set(published))
    trees = {}
    for home in ("", "en/"):
        for line in published:
            stem, _, fragment = line.partition("#")
            path = site / home / re.sub(r"(^|/)index$", "", stem) / "index.html"
            assert path.exists(), f"{home}{stem} is gone: add a line to redirects.tsv"
            if path not in trees:
                trees[path] = parser.parse(str(path)).getroot()
            if not fragment or trees[path].xpath("//script/@data-target"):
                continue
            found = trees[path].xpath("//@id")
            assert fragment in found, f"{home}{line} is gone: add a line to redirects.tsv"


@pytest.mark.parametrize(("scripts", "anchor"), [(True, "#pitfalls"), (False, "")])
def test_an_old_address_leads_on_with_its_fragment(browser, address, scripts, anchor):
    """Without JavaScript to the page's beginning."""
    context = browser.new_context(java_script_enabled=scripts)
    page = context.new_page()
    page.goto(f"{address}en/functions/logsigmoid/{anchor}")
    page.wait_for_url(f"{address}en/functions/log_sigmoid/{anchor}")
    context.close()


# -- workflows ---------------------------------------------------------------------------------


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_workflows_are_pinned_and_may_do_little(path):
    text = path.read_text("utf-8")
    workflow = yaml.safe_load(text)
    assert workflow["permissions"] == {}, "nothing by default; each job names what it needs"
    assert "concurrency" in workflow
    for line in re.findall(r"uses:.*", text):
        pinned = re.fullmatch(r"uses: [\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", line)
        assert pinned, f"{path.name}: {line}: a full commit, and its version behind it"
    versions = re.findall(r"uses: (\S+@\S+) # (\S+)", text)
    everywhere = [
        pair for w in WORKFLOWS for pair in re.findall(r"uses: (\S+)@(\S+)", w.read_text("utf-8"))
    ]
    assert len(dict(everywhere)) == len(set(everywhere)), "one action at two commits"
    assert versions or "uses:" not in text
    for name, job in workflow["jobs"].items():
        assert job["permissions"], f"{path.name}: {name} says nothing of its permissions"
        assert job["timeout-minutes"] <= 60
        for step in job["steps"]:
            assert "${{" not in step.get("run", ""), f"{path.name}: {name}: input within a script"
            if "actions/checkout" in step.get("uses", ""):
                assert step["with"]["persist-credentials"] is False


def test_only_jobs_that_run_none_of_our_code_may_write():
    for path in WORKFLOWS:
        for name, job in yaml.safe_load(path.read_text("utf-8"))["jobs"].items():
            if set(job["permissions"].values()) != {"read"}:
                used = [step.get("uses", "") for step in job["steps"]]
                assert not any("checkout" in use for use in used), f"{path.name}: {name}"


@pytest.mark.skipif(
    not (ROOT / ".venv/bin/zizmor").exists() and not os.environ.get("CI"), reason="no zizmor"
)
def test_workflows_have_no_known_weakness():
    run = subprocess.run(
        [ROOT / ".venv/bin/zizmor", "--offline", "--no-progress", "--color=never", *WORKFLOWS],
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stdout + run.stderr


def test_the_weekly_report_shows_what_changed(monkeypatch, capfd, tmp_path):
    """A page of which one output is stale and one block fails; the third is as it was."""
    from tests import update

    block = "```python\n{}\n```\n<!--pytest-codeblocks:expected-output-->\n```text\n{}\n```\n\n"
    cases = [("print('a|b')\nprint('<i>')", "old"), ("1 / 0", "2"), ("print(3)", "3")]
    text = "# P { #p }\n\n" + "".join(block.format(*case) for case in cases)
    page = update.Page(tmp_path / "p.en.md", text)
    monkeypatch.setattr(update, "pages", lambda: [page])
    assert update.main(["--report"]) == 1
    table = capfd.readouterr().out
    assert "2 of 3 blocks" in table
    assert "p, line 3 | <pre>old</pre> | <pre>a&#124;b<br>&lt;i&gt;</pre> |" in table
    assert "<pre>ZeroDivisionError: division by zero</pre>" in table
    assert page.text == text and not (tmp_path / "p.en.md").exists(), "a report changes nothing"


# -- the image ---------------------------------------------------------------------------------


def test_the_dockerfile_copies_what_exists_and_runs_as_no_root():
    """No engine here: at least its words are held against the repository and nginx.conf."""
    text = (ROOT / "Dockerfile").read_text("utf-8").replace("\\\n", "")
    for words in re.findall(r"^COPY (?!--from)(.*) \S+$", text, re.M):
        for source in words.split():
            assert (ROOT / source).exists(), f"COPY {source}: there is no such file"
    config = (ROOT / "hosting/nginx.conf").read_text("utf-8")
    (port,) = re.findall(r"^EXPOSE (\d+)$", text, re.M)
    assert f"listen {port};" in config and f"127.0.0.1:{port}/" in text
    assert "/etc/nginx/html" in text and "root html;" in config
    build, serve = re.split(r"^FROM ", text, flags=re.M)[1:]
    assert "make build" in build and "USER nginx" in serve, "the server runs as root"
    images = re.findall(r"^FROM (\S+)", text, re.M)
    assert all(re.fullmatch(r"[a-z]+:[\d.]+-\w+(-\w+)?", image) for image in images), images
