"""What assistive technology and a keyboard need, and Markdown does not write."""

import re


def on_page_content(content: str, page, config, files) -> str:
    """Let a keyboard scroll code, and give tables no heading that says nothing.

    The theme's script takes the stop away from a block that it finds to be short enough; it looks
    at a block when it comes into view.
    """
    content = re.sub(r"(<pre[^>]*><code)>", r'\1 tabindex="0">', content)
    return re.sub(r"<th( [^>]*)?></th>", r"<td\1></td>", content)


def on_post_page(output: str, page, config) -> str:
    """Name the navigation of a section by its title: the theme's own label of it may be empty."""
    output = re.sub(
        r'(<label class="md-nav__title") for="(__nav_\w+)"', r'\1 id="\2_title" for="\2"', output
    )
    return re.sub(r'aria-labelledby="(__nav_\w+)_label"', r'aria-labelledby="\1_title"', output)
