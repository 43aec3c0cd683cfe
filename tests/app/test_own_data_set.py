"""The user's own data set on the pages, in Streamlit's test driver."""

import io

import pytest

from digitlab.dataset_import.importing import import_pictures
from digitlab.datasets.user_datasets import delete_user_dataset
from digitlab.errors import DatasetUnavailableError
from digitlab.runs.control import resume_run
from digitlab.runs.run import create_run, list_runs
from digitlab.training.config import TrainConfig
from tests.app.page_text import read_texts
from tests.app.runs import create_finished_run
from tests.app.train_page import find_view_control
from tests.unit.user_pictures import list_pictures, list_tinted
from tests.unit.user_zip import pack


@pytest.fixture
def own():
    return import_pictures(io.BytesIO(pack(list_pictures(5))), "Shapes", image_px=32)


def test_own_data_set_is_previewed_and_deleted(own, train_app):
    train_app.selectbox(key="train_dataset").set_value(own.id).run()
    assert not train_app.exception
    assert not train_app.button(key="train_start").disabled
    texts = read_texts(train_app.markdown)
    assert "**Shapes**: 12 training images and 3 test images of 3 classes." in texts
    train_app.button(key="train_own_delete_confirmed").click().run()
    assert not train_app.exception
    assert train_app.selectbox(key="train_dataset").value == "mnist"


def test_strange_class_names_and_a_hundred_classes_are_previewed(train_app):
    names = ["<b>", "*x*", "n" * 60, *(f"c{k}" for k in range(97))]
    own = import_pictures(io.BytesIO(pack(list_tinted(names, 5))), "Hundred", image_px=32)
    train_app.run()
    train_app.selectbox(key="train_dataset").set_value(own.id).run()
    assert not train_app.exception
    assert "of 100 classes" in read_texts(train_app.markdown)


def test_a_run_of_a_deleted_data_set_is_shown_but_not_repeated(own, show_run):
    waiting = create_run(TrainConfig(dataset=own.id))
    run = create_finished_run("Old", dataset=own.id)
    delete_user_dataset(own.id)
    app = show_run(run)
    assert not app.error
    app.button(key="train_duplicate").click().run()
    assert not app.exception
    assert "The data set Shapes was deleted." in read_texts(app.error)
    assert app.button(key="train_start").disabled
    find_view_control(app).set_value("comparison").run()
    assert not app.exception
    with pytest.raises(DatasetUnavailableError, match="was deleted"):
        create_run(run.read_config())
    with pytest.raises(DatasetUnavailableError, match="was deleted"):
        resume_run(waiting)
    assert set(list_runs()) == {run, waiting}
