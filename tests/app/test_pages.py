"""All pages in Streamlit's test driver."""

import io
import re

import numpy as np
import pytest
from PIL import Image

from digitlab.datasets.registry import DATASETS
from digitlab.model_store.store import get_model, save_model
from tests.app.fresh_process import run_program
from tests.app.page_text import read_html, read_texts
from tests.app.runs import create_finished_run
from tests.conftest import PROJECT_DIR, TRAINING_PACKAGES
from tests.unit.photo_model import build_photos, save_photo_model

PAGES = sorted(f"pages/{path.name}" for path in (PROJECT_DIR / "pages").glob("*.py"))


@pytest.fixture
def damaged_and_sound():
    """A sound model between two with damaged cards."""
    for name, card in (("a_null", "null"), ("z_list", "[]")):
        run = create_finished_run()
        saved = save_model(run, model_id=name, label=name)
        (saved.directory / "card.json").write_text(card)
    return save_model(create_finished_run(), model_id="sound", label="Sound")


@pytest.mark.parametrize("page", PAGES)
def test_every_page_renders(app, page):
    app.run()
    app.switch_page(page).run()
    assert not app.exception
    assert not app.error
    assert len(app.title) == 1


@pytest.mark.parametrize("page", PAGES)
def test_every_page_works_without_the_training_packages(page):
    """In a fresh process, as in the first minutes of `make run`; so none loads TensorFlow."""
    program = (
        "import sys\n"
        f"sys.modules.update(dict.fromkeys({TRAINING_PACKAGES!r}))\n"
        "from streamlit.testing.v1 import AppTest\n"
        "app = AppTest.from_file('main.py', default_timeout=30).run()\n"
        f"app.switch_page({page!r}).run()\n"
        "assert not app.exception, app.exception\n"
    )
    run_program(program)


@pytest.mark.parametrize("page", PAGES)
def test_damaged_cards_do_not_break_a_page(app, damaged_and_sound, page):
    app.run()
    app.switch_page(page).run()
    assert not app.exception
    assert len(app.title) == 1
    if page == "pages/models.py":
        assert "The card of the model a_null is damaged" in read_texts(app.error)
        assert "The card of the model z_list is damaged" in read_texts(app.error)
        assert damaged_and_sound.label in [header.value for header in app.subheader]
    else:
        assert not app.error


@pytest.mark.parametrize("page", PAGES)
def test_wrong_type_in_a_card_does_not_break_a_page(app, page):
    model = save_model(create_finished_run(), model_id="wrong_type", label="Wrong type")
    path = model.directory / "card.json"
    accuracy = f'"accuracy": {get_model("simple_cnn").accuracy}'
    assert accuracy in path.read_text("utf-8")
    path.write_text(path.read_text("utf-8").replace(accuracy, '"accuracy": "x"'), "utf-8")
    app.run()
    app.switch_page(page).run()
    assert not app.exception
    assert ("accuracy" in read_texts(app.error)) == (page == "pages/models.py")


def test_offline_sample_is_named_wherever_its_metrics_are(app):
    run = create_finished_run(notes=["This is the offline sample of 5,000 digits."])
    save_model(run, model_id="from_sample", label="From the sample")
    app.run()
    app.selectbox(key="draw_model").select("from_sample").run()
    assert "offline sample" in read_texts(app.caption)
    names = app.selectbox(key="draw_model").options
    assert [name for name in names if "offline sample" in name] == [
        f"From the sample · {get_model('from_sample').accuracy:.2%} on the offline sample"
    ]
    app.switch_page("pages/models.py").run()
    assert "offline sample" in read_texts(app.warning)
    labels = [metric.label for metric in app.metric]
    assert labels.count("Accuracy on the offline sample") == 1


def test_photo_model_is_not_offered_for_drawing(app):
    save_photo_model()
    app.run()
    assert not app.exception
    assert not any("Photo model" in option for option in app.selectbox(key="draw_model").options)


@pytest.mark.usefixtures("hosted")
def test_picture_is_classified_by_a_model_of_photos(app):
    save_photo_model()
    photos, labels = build_photos(200)
    # An easy one: its noise is averaged away.
    photo = photos[labels == 3].mean(axis=0).astype(np.uint8)
    app.run()
    app.switch_page("pages/models.py").run()
    content = io.BytesIO()
    Image.fromarray(photo).resize((64, 64)).save(content, "PNG")
    app.get("file_uploader")[0].set_value(("car.png", content.getvalue(), "image/png")).run()
    assert not app.exception
    classes = re.findall(r"<li><span title=.*?>(.*?)</span>", read_html(app))
    assert classes[0] == DATASETS["cifar10"].class_names[3]
    assert len(classes) == 5
    app.get("file_uploader")[0].set_value(("car.png", b"text", "image/png")).run()
    assert "not a picture" in read_texts(app.error)


def test_photo_model_is_shown_on_the_models_page_as_a_model_of_images(app):
    save_photo_model()
    app.run()
    app.switch_page("pages/models.py").run()
    assert not app.exception and not app.error
    assert "Photo model" in [header.value for header in app.subheader]
    assert [metric.label for metric in app.metric if "Accuracy" in metric.label] == [
        "Accuracy on test digits",
        "Accuracy on test digits",
        "Accuracy on test images",
    ]


def test_labels_are_shown_literally_on_every_page(app):
    label = "[log in](http://evil.test) :red[x]"
    run = create_finished_run(label=label)
    model = save_model(run, label=label)
    app.run()
    assert any(option.startswith(label) for option in app.selectbox(key="draw_model").options)
    for page, params in (("models", {}), ("evaluate", {"model": model.id, "sample": "3"}),
                         ("train", {"run": run.id})):  # fmt: skip
        app.switch_page(f"pages/{page}.py")
        for name, value in params.items():
            app.query_params[name] = value
        app.run()
        assert not app.exception
        for element in [*app.markdown, *app.subheader, *app.caption, *app.button, *app.warning]:
            text = getattr(element, "label", None) or element.value
            assert "[log in]" not in text
            assert ":red[" not in text
