"""HTML and JSON reports."""

import json
import re
from html.parser import HTMLParser

import numpy as np
import plotly.graph_objects as go
import pytest

from digitlab.evaluation.metrics import MACRO_NOTE
from digitlab.evaluation.report import evaluate_images
from digitlab.evaluation.results_cache import load_report, load_robustness, load_test_images
from digitlab.evaluation.robustness import Robustness, RobustnessPoint
from digitlab.model_store.store import get_model
from digitlab.reports.document import SECTIONS, ReportContent, Subject, render_html, to_json
from digitlab.reports.svg_charts import render_svg
from tests.unit.photo_model import build_photo_dataset, save_photo_model

HOSTILE = '<img src=x onerror="alert(1)">&"\''
VOID = {"meta", "img", "br", "path", "polyline", "polygon", "circle"}


class Parser(HTMLParser):
    """Collects tags, attributes and text, and checks that tags are nested."""

    def __init__(self, page):
        super().__init__()
        self.open, self.tags, self.attributes, self.text = [], [], [], ""
        self.feed(page)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


@pytest.fixture(scope="module")
def shipped():
    """The default model, its report, its robustness and the images it has."""
    model = get_model("digitlab_cnn")
    report = load_report(model)
    return model, report, load_robustness(model), load_test_images(model, report)


def render_shipped(shipped):
    model, report, robustness, images = shipped
    subject = Subject(model.label, "MNIST", 1_000_000, 0.04, ("A note.",), licence="CC0")
    return render_html(
        subject, report, images=images.images, is_available=images.is_available,
        robustness=robustness,
    )  # fmt: skip


def test_the_report_of_a_shipped_model_has_all_sections(shipped):
    page = render_shipped(shipped)
    parsed = Parser(page)
    titles = [section.title for section in SECTIONS]
    assert re.findall(r"<h2>(.*?)</h2>", page) == titles
    assert len(set(titles)) == len(SECTIONS) == len({section.id for section in SECTIONS})
    report = shipped[1]
    for text in (f"{report.accuracy:.2%}", "A note.", "Images: CC0.", MACRO_NOTE, "0.04 ms"):
        assert text in parsed.text
    bodies = dict(re.findall(r'<section id="(\w+)">(.*?)</section>', page, re.DOTALL))
    assert list(bodies) == [section.id for section in SECTIONS]
    n_charts = {"calibration": 1, "coverage": 1, "robustness": len(shipped[2].curves)}
    for section_id, n in n_charts.items():
        assert bodies[section_id].count("<svg") >= n
    n_errors = int((~report.is_correct).sum())
    assert bodies["errors"].count("data:image/png") == min(60, n_errors)


def test_a_report_is_one_small_file_that_loads_and_runs_nothing(shipped):
    page = render_shipped(shipped)
    assert len(page.encode()) < 1_000_000
    assert not re.findall(r"(?:src|href)=\"(?!data:)|<script|@import|url\(", page)


def test_text_is_never_markup(shipped):
    """Names come from users and files: none of them may become an element or attribute."""
    report = shipped[1]
    subject = Subject(HOSTILE, HOSTILE, 1, 0.1, (HOSTILE,), (HOSTILE,) * 10, licence=HOSTILE)
    page = render_html(subject, report, images=np.zeros((10_000, 28, 28), np.uint8))
    parsed = Parser(page)
    assert HOSTILE in parsed.text
    assert not [name for name, _ in parsed.attributes if name.startswith("on")]
    sources = [value for name, value in parsed.attributes if name == "src"]
    assert sources
    assert all(value.startswith("data:image/png;base64,") for value in sources)
    figure = go.Figure(go.Scatter(x=[0, 1], y=[0, 1], name=HOSTILE))
    figure.update_layout(title=HOSTILE, xaxis={"title": HOSTILE})
    svg = Parser(str(render_svg(figure, HOSTILE)))
    assert "img" not in svg.tags
    assert ("aria-label", HOSTILE) in svg.attributes


def test_a_report_without_images_or_robustness_leaves_these_sections_out(shipped):
    model, report, *_ = shipped
    subject = Subject(model.label, "MNIST", 1)
    shown = re.findall(r'<section id="(\w+)">', render_html(subject, report))
    content = ReportContent(subject, report)
    assert shown == [one.id for one in SECTIONS if one.render(content) is not None]
    assert {"overview", "confusion"} <= set(shown)
    assert not {"robustness", "errors"} & set(shown)


def test_the_report_of_a_photo_model_does_not_mention_digits():
    model = save_photo_model()
    dataset = build_photo_dataset()
    names = dataset.spec.class_names
    subject = Subject(model.label, dataset.spec.label, 1, class_names=names)
    page = render_html(subject, load_report(model), images=dataset.images_test)
    text = Parser(page).text.replace("Made by digitlab", "")
    assert "Photo model on CIFAR-10 photos" in text
    assert all(name in text for name in names)
    assert "digit" not in text.lower()
    alternatives = [
        value for name, value in Parser(page).attributes if name in ("alt", "aria-label")
    ]
    assert "digit" not in " ".join(alternatives).lower()


def test_absent_classes_have_no_metrics():
    """A user test set of 3s and 7s, all correct."""
    model = get_model("simple_cnn")
    images = load_test_images(get_model("digitlab_cnn"), load_report(get_model("digitlab_cnn")))
    report = load_report(model)
    usable = images.is_available & report.is_correct & np.isin(report.labels, (3, 7))
    result = evaluate_images(model.open_reader(), images.images[usable], report.labels[usable])
    assert result.metrics["macro"] == {"precision": 1.0, "recall": 1.0, "f1": 1.0}
    page = render_html(Subject(model.label, "mine.zip", 1), result)
    assert "1.0000, 1.0000, 1.0000" in page
    assert re.search(r"<th>5</th><td>–</td><td>–</td><td>–</td><td>0</td>", page)


def test_the_json_report_has_all_metrics(shipped):
    model, report, *_ = shipped
    curve = (RobustnessPoint(0, 0.99, 0.98, 1, 0), RobustnessPoint(1, 0.5, 0.4, 0.6, 0.1))
    robustness = Robustness(100, {"blur": curve})
    subject = Subject(model.label, "MNIST", 1_000_000, 0.04)
    values = json.loads(json.dumps(to_json(subject, report, robustness), allow_nan=False))
    assert values["confusion"] == report.metrics["confusion"]
    assert len(values["mistakes"]) == (~report.is_correct).sum()
    assert sum(row["count"] for row in values["confusions"]) == len(values["mistakes"])
    assert values["n_rejected"] == report.is_rejected.sum()
    assert values["robustness"] == robustness.to_json()


def test_a_chart_is_drawn_to_scale():
    figure = go.Figure(
        [
            go.Scatter(x=[0, 1], y=[0.5, 1], mode="lines+markers", name="a"),
            go.Scatter(x=[0, 1], y=[0, 0], mode="lines", name="b", line={"dash": "dash"}),
        ]
    )
    figure.update_layout(title="T", xaxis={"range": [0, 1]},
                         yaxis={"range": [0, 1], "tickformat": ".0%"})  # fmt: skip
    figure.add_vline(x=0.5, line={"color": "red"})
    svg = str(render_svg(figure, "alternative"))
    assert 'points="52,131 348,40"' in svg
    assert 'points="52,222 348,222"' in svg and 'stroke-dasharray="6 4"' in svg
    assert svg.count("<circle") == 2
    assert "M200.0 40V222" in svg
    assert "100%" in svg and ">0.4<" in svg
    assert "━━" in svg and "┅┅" in svg


@pytest.mark.parametrize(
    "figure",
    [go.Figure(go.Sankey()),
     go.Figure(go.Scatter(x=[1], y=[1]), layout={"yaxis": {"type": "log"}})],
)  # fmt: skip
def test_a_chart_that_cannot_be_drawn_is_an_error(figure):
    with pytest.raises(ValueError, match="can be drawn as SVG"):
        render_svg(figure, "")
