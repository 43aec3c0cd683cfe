"""The Draw page in Streamlit's test driver; drawing itself is tested in a browser."""

from digitlab.model_store.store import get_model, save_model
from tests.app.page_text import read_html, read_texts
from tests.app.runs import create_finished_run


def test_blank_page_invites_to_draw(app):
    app.run()
    assert app.title[0].value == "Draw a digit"
    assert "Draw a digit, 0 to 9" in read_html(app)
    assert 'data-testid="digit"' not in read_html(app)
    assert [option.split(" · ")[0] for option in app.selectbox(key="draw_model").options] == [
        "digitlab CNN",
        "Simple CNN",
    ]


def test_damaged_model_is_reported_and_another_can_be_chosen(app):
    save_model(create_finished_run(), model_id="damaged", label="Damaged")
    (get_model("damaged").directory / "model.tflite").write_bytes(b"damaged")
    app.run()
    app.selectbox(key="draw_model").select("damaged").run()
    assert not app.exception
    assert "The model damaged is damaged" in read_texts(app.error)
    app.selectbox(key="draw_model").select("simple_cnn").run()
    assert not app.error


def test_page_without_models_says_what_to_do(app, tmp_path, monkeypatch):
    monkeypatch.setattr(
        "digitlab.model_store.store.get_shipped_models_dir", lambda: tmp_path / "nothing"
    )
    app.run()
    assert not app.exception
    assert "no model that reads digits. Train one" in read_texts(app.error)
