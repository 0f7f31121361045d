"""One file that shows a run: nothing is fetched, and nothing is code."""

import base64
import re
from html.parser import HTMLParser

import numpy as np

from keras_infogan.evaluation.code_map import CodeMap
from keras_infogan.evaluation.meanings import CategoryMeaning
from keras_infogan.evaluation.meanings import DimensionMeaning
from keras_infogan.reports.html import write_page
from keras_infogan.reports.images import save_image
from tests.helpers.code_maps import categories
from tests.helpers.code_maps import dimensions

REPORT = {
    "dataset": "<script>alert(1)</script>",
    "seed": 0,
    "clustering_accuracy": 0.98765,
    "adjusted_rand_index": 0.75,
    "fidelity": None,
    "mutual_information": {"category": 2.3, "total": 2.3},
    "mutual_information_standard_error": {"category": 0.02},
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


def test_intervals_floors_and_sizes_are_printed_beside(tmp_path):
    """1.96 errors of .1 are .2; one of 0 says nothing and is left out."""
    path = tmp_path / "report.html"
    write_page(path, {**REPORT, "fidelity": FIDELITY}, [], {})
    text = path.read_text()
    rows = {
        cells[0]: cells[1:]
        for row in re.findall(r"<tr>(.*?)</tr>", text)
        for cells in [re.findall(r"<t[dh]>(.*?)</t[dh]>", row)]
    }
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


def test_page(tmp_path):
    image = tmp_path / "category.png"
    save_image(image, np.zeros((4, 4, 3), np.uint8))
    path = tmp_path / "report.html"
    write_page(path, REPORT, ['A "sentence" & <more>.'], {"a < b": image})
    text = path.read_text()
    assert "&lt;script&gt;" in text
    assert "<script" not in text
    assert "A &quot;sentence&quot; &amp; &lt;more&gt;." in text
    assert "0.9877" in text
    # Numbers that there are none of have no row.
    assert "Recall" not in text
    assert not re.search(r"https?://|src=\"(?!data:)|<link", text)
    (data,) = re.findall(r"base64,([^\"]*)", text)
    assert base64.b64decode(data) == image.read_bytes()

    class Balance(HTMLParser):
        open_tags: list[str] = []

        def handle_starttag(self, tag, attrs):
            if tag not in ("meta", "img"):
                self.open_tags.append(tag)

        def handle_endtag(self, tag):
            assert self.open_tags.pop() == tag

    parser = Balance()
    parser.feed(text)
    assert parser.open_tags == []


def test_names_are_code_and_categories_a_table(tmp_path):
    """In a table, also the mixed ones; and at the end what it was made with."""
    image = tmp_path / "style.png"
    save_image(image, np.zeros((4, 4, 3), np.uint8))
    code_map = CodeMap(
        {
            "category": categories(
                CategoryMeaning("<7>", 0.5, 0.25, 1200),
                CategoryMeaning(),
            ),
            "style": dimensions(DimensionMeaning("slant")),
        }
    )
    path = tmp_path / "report.html"
    write_page(
        path,
        {**REPORT, "code_map": code_map},
        ["Q reads `<a>`."],
        {"`style` changes.": image},
    )
    text = path.read_text()
    assert "`" not in text
    assert "<p>Q reads <code>&lt;a&gt;</code>.</p>" in text
    assert 'alt="style changes."' in text
    assert "<figcaption><code>style</code> changes.</figcaption>" in text
    rows = [
        re.findall(r"<t[dh]>(.*?)</t[dh]>", row)
        for row in re.findall(r"<tr>(.*?)</tr>", text)
    ]
    assert ["0", "&lt;7&gt;", "50%", "25%", "1,200"] in rows
    assert ["1", "unnamed", "", "", "0"] in rows
    end = text[text.index("How it was made") :]
    for part in (
        "seed</td><td>0",
        "steps</td><td>3744",
        "keras</td><td>3.15.1",
    ):
        assert part in end
    assert "&quot;epochs&quot;: 8" in end
    assert "&quot;&lt;&amp;&gt;&quot;" in end
