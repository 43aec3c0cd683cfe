"""Everything that needs Keras. Nobody imports it: it is started as `python -m digitlab.worker`."""
