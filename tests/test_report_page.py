"""One file that shows a run: nothing is fetched, and nothing is code."""

import base64
import re
from html.parser import HTMLParser

import numpy as np

from keras_infogan.report_page import write_page
from keras_infogan.visualization import save_picture

REPORT = {
    "dataset": "<script>alert(1)</script>",
    "seed": 0,
    "clustering_accuracy": 0.98765,
    "quality": None,
    "mutual_information": {"category": 2.3, "total": 2.3},
}


def test_page(tmp_path):
    picture = tmp_path / "category.png"
    save_picture(picture, np.zeros((4, 4, 3), np.uint8))
    path = tmp_path / "report.html"
    write_page(path, REPORT, ['A "sentence" & <more>.'], {"a < b": picture})
    text = path.read_text()
    assert "&lt;script&gt;" in text
    assert "<script" not in text
    assert "A &quot;sentence&quot; &amp; &lt;more&gt;." in text
    assert "0.9877" in text
    # Numbers that there are none of have no row.
    assert "Recall" not in text
    assert not re.search(r"https?://|src=\"(?!data:)|<link", text)
    (data,) = re.findall(r"base64,([^\"]*)", text)
    assert base64.b64decode(data) == picture.read_bytes()

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
