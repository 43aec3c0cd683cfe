from dataclasses import replace

from digitlab.evaluation.comparison import (
    RunOutcome,
    find_config_differences,
    load_run_outcome,
    rank_outcomes,
)
from digitlab.files import write_json
from digitlab.model_store.store import get_model
from digitlab.runs.run import create_run
from digitlab.training.config import TrainConfig


def build_outcome(accuracy, half=0.002, n_test=10_000):
    return RunOutcome(accuracy, (accuracy - half, accuracy + half), n_test, 5, 40.0, 130_000)


def test_what_differs_is_sorted_by_what_matters():
    base = TrainConfig()
    other = replace(base, seed=1, epochs=9, learning_rate=0.01, weight_decay=0.001)
    found = find_config_differences({"a": base, "b": other, "c": base})
    assert [difference.field for difference in found] == [
        "learning_rate", "epochs", "weight_decay", "seed",
    ]  # fmt: skip
    assert found[1].values == {"a": 5, "b": 9, "c": 5}
    assert find_config_differences({"a": base, "b": base}) == []


def test_a_lead_within_the_intervals_may_be_chance():
    told = rank_outcomes({"a": build_outcome(0.990), "b": build_outcome(0.991)})
    assert told.startswith("b is ahead of a by 0.10%") and "may be chance" in told
    told = rank_outcomes({"a": build_outcome(0.98), "b": build_outcome(0.99)})
    assert told == "b is better than a by 1.00%, more than chance explains."


def test_accuracies_on_different_data_do_not_compare():
    outcomes = {"a": build_outcome(0.95, n_test=1000), "b": build_outcome(0.99)}
    assert "do not compare" in rank_outcomes(outcomes)
    assert rank_outcomes({"a": build_outcome(0.95)}) == ""


def test_an_outcome_is_read_off_the_card():
    run = create_run(TrainConfig(), name="done")
    assert load_run_outcome(run) is None
    card = get_model("simple_cnn").card
    card["test"] |= {"accuracy": 0.98, "interval": [0.97, 0.99], "n": 1000}
    card["training"] = {"epochs": 3, "seconds": 12.5}
    card["files"]["model.tflite"]["bytes"] = 4321
    write_json(run.directory / "card.json", card)
    assert load_run_outcome(run) == RunOutcome(0.98, (0.97, 0.99), 1000, 3, 12.5, 4321)
    write_json(run.directory / "card.json", {"test": None})
    assert load_run_outcome(run) is None
