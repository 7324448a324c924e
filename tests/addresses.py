"""The addresses that have been published, and so have to answer for ever: `make addresses`.

    python -m tests.addresses        adds each page and heading that is new to tests/addresses.txt

A line is STEM or STEM#ID, in both languages. None is ever deleted: what moves or is renamed gets a
line in redirects.tsv, and tests/test_hosting.py holds the built site against this list.
"""

from pathlib import Path

from tests.markdown import pages

ADDRESSES = Path(__file__).with_suffix(".txt")


def main() -> None:
    """Add what is new, in order."""
    known = set(ADDRESSES.read_text("utf-8").split()) if ADDRESSES.exists() else set()
    now = {p.stem for p in pages()} | {f"{p.stem}#{h.id}" for p in pages() for h in p.headings}
    ADDRESSES.write_text("".join(f"{line}\n" for line in sorted(known | now)), "utf-8")
    print(f"{len(now - known)} new addresses, {len(known | now)} in all")


if __name__ == "__main__":
    main()
