import numpy as np
import pytest

from digitlab.errors import RunError
from digitlab.runs.run import create_run
from digitlab.runs.tables import append_reading, append_rows, read_rows, truncate_table
from digitlab.training.config import TrainConfig

DIGITS = np.zeros((2, 28, 28), np.uint8)


def test_only_what_is_new_is_read(tmp_path):
    path = tmp_path / "table.csv"
    assert read_rows(path) == ([], 0)
    append_rows(path, [{"epoch": 0, "loss": 0.5}])
    rows, place = read_rows(path)
    assert rows == [{"epoch": 0, "loss": 0.5}]
    assert read_rows(path, place) == ([], place)
    append_rows(path, [{"epoch": 1, "loss": 0.25}, {"epoch": 2, "loss": 0.125}])
    rows, place = read_rows(path, place)
    assert rows == [{"epoch": 1, "loss": 0.25}, {"epoch": 2, "loss": 0.125}]
    assert place == path.stat().st_size


def test_half_a_line_waits_for_its_other_half(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("epoch,loss\n0,0.5\n1,0.2")
    rows, place = read_rows(path)
    assert rows == [{"epoch": 0, "loss": 0.5}]
    path.write_text("epoch,loss\n0,0.5\n1,0.25\n")
    assert read_rows(path, place)[0] == [{"epoch": 1, "loss": 0.25}]


def test_a_table_that_was_shortened_is_read_anew(tmp_path):
    path = tmp_path / "table.csv"
    append_rows(path, [{"epoch": epoch} for epoch in range(9)])
    _, place = read_rows(path)
    truncate_table(path, "epoch", 3)
    rows, shorter = read_rows(path, place)
    assert [row["epoch"] for row in rows] == [0, 1, 2]
    assert shorter < place


def test_a_cut_takes_half_a_line_too(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("epoch,loss\n0,0.5\n1,nan\n2,0")
    truncate_table(path, "epoch", 5)
    assert path.read_text() == "epoch,loss\n0,0.5\n1,nan\n"
    truncate_table(path, "epoch", 0)
    assert path.read_text() == "epoch,loss\n"
    path.write_text("epo")
    truncate_table(path, "epoch", 5)
    assert not path.exists()
    truncate_table(path, "epoch", 5)


def test_readings_of_a_persons_digits():
    run = create_run(TrainConfig(), digits=DIGITS, digit_labels=[3, -1])
    first = run.read_digits()
    assert first.probabilities.shape[0] == 0
    assert first.labels.tolist() == [3, -1]
    for epoch in range(3):
        append_reading(run.directory, epoch, np.full((2, 10), epoch / 10, np.float32))
    readings = run.read_digits()
    assert readings.epochs.tolist() == [0, 1, 2]
    assert readings.probabilities[:, 1, 9].tolist() == pytest.approx([0, 0.1, 0.2])
    assert create_run(TrainConfig()).read_digits() is None


@pytest.mark.parametrize(
    ("digits", "labels", "sentence"),
    [
        (np.zeros((11, 28, 28), np.uint8), None, "at most 10"),
        (DIGITS.astype(float), None, "must be uint8"),
        (DIGITS, [1], "for 1 labels"),
    ],
)
def test_digits_that_cannot_be_followed_are_refused(digits, labels, sentence):
    with pytest.raises(RunError, match=sentence):
        create_run(TrainConfig(), digits=digits, digit_labels=labels)
