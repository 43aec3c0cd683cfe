"""The parts of the Train page: choose, watch, steer, compare."""
