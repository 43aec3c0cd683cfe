from digitlab.training.lr_schedules import LR_SCHEDULES


def test_factors_and_fractions_are_in_range():
    for spec in LR_SCHEDULES.values():
        assert 0 <= spec.warmup_fraction < 1
        assert 0 < spec.start_factor <= 1
        assert 0 < spec.end_factor <= 1
        assert spec.start_factor == 1 or spec.warmup_fraction > 0, "starts low, never rises"
