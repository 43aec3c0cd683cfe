"""The Draw page in Streamlit's test driver; drawing itself is tested in a browser."""

import numpy as np
from PIL import Image, ImageDraw

from digitlab.model_store.store import get_model, save_model
from tests.app.page_text import read_html, read_texts
from tests.app.runs import create_finished_run
from tests.unit.numbers import write


def show_picture(app, number):
    """Show a picture of a number, as if the Evaluate page had sent it."""
    picture = Image.new("L", (210 * len(number), 290), 255)
    for stroke in write(number):
        ImageDraw.Draw(picture).line(stroke, fill=10, width=16, joint="curve")
    app.session_state["draw_received_image"] = np.asarray(picture)
    app.session_state["draw_received_caption"] = "A picture"
    app.session_state["draw_source"] = "picture"
    app.run()
    assert not app.exception


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


def test_picture_of_a_number_is_offered_to_be_read_as_several_digits(app):
    show_picture(app.run(), "2026")
    assert 'data-testid="digit"' in read_html(app)
    assert "several digits: 2026" in read_texts(app.info)
    app.button(key="draw_read_all").click().run()
    assert not app.exception
    assert app.toggle(key="draw_several").value
    assert ">2026<" in read_html(app)


def test_picture_of_one_digit_is_not_offered_as_several(app):
    show_picture(app.run(), "5")
    assert 'data-testid="digit">5<' in read_html(app)
    assert not app.info


def test_bars_are_a_list_of_ten_percentages(app):
    show_picture(app.run(), "7")
    bars = read_html(app).split('class="draw-bars"')[1].split("</ol>")[0]
    assert bars.count("<li") == 10
    assert bars.count('class="draw-best"') == 1
    assert not app.get("plotly_chart")


def test_why_this_answer_adds_a_picture(app):
    show_picture(app.run(), "7")
    assert "Saliency for 7" not in read_html(app)
    app.toggle(key="draw_why").set_value(True).run()
    assert "Saliency for 7" in read_html(app)
