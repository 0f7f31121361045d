"""One file that shows a run: nothing is fetched, and nothing is code."""

import base64
import hashlib
import html
import re
from collections.abc import Mapping
from collections.abc import Sequence
from html.parser import HTMLParser
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from keras_infogan.evaluation.code_map import CodeMap
from keras_infogan.evaluation.meanings import CategoryMeaning
from keras_infogan.evaluation.meanings import DimensionMeaning
from keras_infogan.reports.images import encode_png
from keras_infogan.reports.players import draw_players
from keras_infogan.reports.run_page import write_page
from tests.helpers.code_maps import categories
from tests.helpers.code_maps import dimensions
from tests.helpers.models import tiny_model

HOSTILE = '</style><script>alert("1")</script>'
PNG = encode_png(np.zeros((4, 4, 3), np.uint8))
REPORT: dict[str, Any] = {
    "dataset": HOSTILE,
    "seed": 0,
    "class_names": None,
    "clustering_accuracy": None,
    "adjusted_rand_index": 0.75,
    "fidelity": None,
    "mutual_information": {"category": 2.3, "total": 2.3},
    "mutual_information_standard_error": {"category": 0.02},
    "mutual_information_ceiling": {"category": 2.3},
    "code_map": CodeMap(),
    "versions": {"keras-infogan": "0.1.0", "keras": "3.15.1"},
    "steps": 3744,
    "configuration": {"epochs": 8, "dataset": "<&>"},
}
FIDELITY = {
    "frechet_distance": 3.072,
    "frechet_distance_standard_error": 0.1,
    "frechet_distance_floor": 0.954,
    "kernel_distance": 12.5,
    "precision": 1.0,
    "precision_standard_error": 0.0,
    "precision_floor": 0.869,
    "category_agreement": {"all": 0.5, "all_standard_error": 0.005},
    "num_images": 10_000,
    "num_neighbored_images": 2_000,
}
HOSTILE_MAP = CodeMap(
    {
        "category": categories(
            CategoryMeaning(HOSTILE, 0.5, 0.25, 1200),
            CategoryMeaning(),
            CategoryMeaning('" onload="alert(2)', 1.0, 0.5, 3),
        ),
        "continuous": dimensions(
            DimensionMeaning("slant", -1, -0.9, 1.0, 2.0, "rad"),
            DimensionMeaning(),
        ),
    }
)


def page_of(
    path: Path,
    report: Mapping[str, Any] = REPORT,
    sentences: Sequence[str] = (),
    images: Mapping[str, bytes] = MappingProxyType({}),
    players: Mapping[str, str] = MappingProxyType({}),
) -> str:
    """The text of a page."""
    page = path / "report.html"
    write_page(page, report, sentences, images, players)
    return page.read_text("utf-8")


def rows_of(text: str) -> list[list[str]]:
    return [
        re.findall(r"<t[dh]>(.*?)</t[dh]>", row)
        for row in re.findall(r"<tr>(.*?)</tr>", text)
    ]


def test_intervals_floors_and_sizes_are_printed_beside(tmp_path):
    """1.96 errors of .1 are .2; one of 0 says nothing and is left out."""
    text = page_of(tmp_path, {**REPORT, "fidelity": FIDELITY})
    rows = {cells[0]: cells[1:] for cells in rows_of(text)}
    assert rows[""] == ["value", "95 %", "real images"]
    assert rows["Frechet distance"] == ["3.072", "+/- 0.2", "0.954"]
    assert rows["Kernel distance"] == ["12.5", "", ""]
    assert rows["Adjusted Rand index"] == ["0.75", "", ""]
    assert rows["Precision"] == ["1", "", "0.869"]
    (name,) = (name for name in rows if name.startswith("Generated images"))
    assert rows[name] == ["0.5", "+/- 0.0098", ""]
    assert rows["Mutual information of all codes (nats)"] == ["2.3", "", ""]
    assert rows["Mutual information of category (nats)"] == [
        "2.3",
        "+/- 0.039",
        "",
    ]
    assert "between 10,000 generated" in text
    assert "coverage are of 2,000" in text


class Elements(HTMLParser):
    """Checks that tags are balanced, and collects what could load or run."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open_tags: list[str] = []
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)
        assert self.open_tags == []

    def handle_starttag(self, tag, attrs):
        self.seen.append((tag, dict(attrs)))
        if tag not in ("meta", "img", "input"):
            self.open_tags.append(tag)

    def handle_endtag(self, tag):
        assert self.open_tags.pop() == tag


def test_nothing_hostile_is_an_element_and_nothing_is_loaded(tmp_path):
    """Of names of classes and data sets, sentences and the configuration."""
    report = {**REPORT, "code_map": HOSTILE_MAP}
    players = draw_players(tiny_model(), report, seed=0)
    text = page_of(
        tmp_path,
        report,
        [f"Warning: {HOSTILE}.", f"`continuous:0` is {HOSTILE}.", HOSTILE],
        {"category": PNG, "continuous_0": PNG, "continuous_1": PNG},
        players,
    )
    seen = Elements(text).seen
    tags = [tag for tag, _ in seen]
    assert tags.count("script") == tags.count("style") == 1
    assert tags.count("svg") == 6
    for _, attributes in seen:
        assert not [x for x in attributes if x.startswith("on") or x == "style"]
        for name in ("src", "href"):
            if name in attributes:
                assert str(attributes[name]).startswith(
                    "data:image/png;base64,"
                )
    assert not re.search("https?:", text)
    shown = text.count(html.escape(HOSTILE))
    # Title, heading, three sentences, a row of the table, two cells twice.
    assert shown == 2 + 3 + 1 + 4


def test_the_policy_allows_only_the_scripts_of_the_package(tmp_path):
    """By their hashes; nothing is inline, and nothing is fetched."""
    text = page_of(tmp_path)
    (policy,) = re.findall('Content-Security-Policy" content="(.*?)"', text)
    directives = dict(x.strip().split(" ", 1) for x in policy.split(";"))
    assert directives.pop("default-src") == "'none'"
    assert directives.pop("img-src") == "data:"
    for tag in ("script", "style"):
        (content,) = re.findall(f"<{tag}>(.*?)</{tag}>", text, re.DOTALL)
        digest = hashlib.sha256(content.encode()).digest()
        expected = f"'sha256-{base64.b64encode(digest).decode()}'"
        assert directives.pop(f"{tag}-src") == expected
    assert set(directives.values()) == {"'none'"}


def test_the_page_opens_with_the_grid_the_numbers_and_the_warnings(tmp_path):
    """Then the traversals; the rest is folded, other images too."""
    report = {**REPORT, "code_map": HOSTILE_MAP}
    text = page_of(
        tmp_path,
        report,
        ["Warning: it collapsed.", "NMI is 1.", "`continuous:0` changes it."],
        {"continuous_0": PNG, "category": PNG, "curves": PNG},
        {"continuous_0": "<b>PLAYER</b>"},
    )
    marks = [
        'alt="One row for each category of category',
        'class="numbers"',
        'class="warning">Warning: it collapsed.',
        "<p><code>continuous:0</code> changes it.</p>",
        "PLAYER",
        'class="still" open',
        'alt="continuous:0 (slant) varies',
        "<details><summary>Findings",
        "NMI is 1.",
        "<details><summary>All measurements",
        "<details><summary>Plots",
        'alt="Losses and',
        "<details><summary>How it was made",
    ]
    assert sorted(marks, key=text.index) == marks
    assert "base64," + base64.b64encode(PNG).decode() in text


def test_names_are_code_and_categories_a_table(tmp_path):
    """In the order of the classes; and at the end what it was made with."""
    code_map = CodeMap(
        {
            "category": categories(
                CategoryMeaning("<7>", 0.5, 0.25, 1200),
                CategoryMeaning(),
                CategoryMeaning("<1>", 0.75, 0.5, 10),
            )
        }
    )
    text = page_of(
        tmp_path, {**REPORT, "code_map": code_map}, ["Q reads `<a>`."]
    )
    assert "<p>Q reads <code>&lt;a&gt;</code>.</p>" in text
    rows = rows_of(text)
    first = rows.index(["2", "&lt;1&gt;", "75%", "50%", "10"])
    assert rows[first + 1 : first + 3] == [
        ["0", "&lt;7&gt;", "50%", "25%", "1,200"],
        ["1", "unnamed", "", "", "0"],
    ]
    end = text[text.index("How it was made") :]
    for part in (
        "seed</td><td>0",
        "steps</td><td>3744",
        "keras</td><td>3.15.1",
    ):
        assert part in end
    assert "&quot;epochs&quot;: 8" in end
    assert "&quot;&lt;&amp;&gt;&quot;" in end
