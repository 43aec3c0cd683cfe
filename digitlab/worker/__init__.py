"""Everything that needs Keras. Never imported elsewhere: started as `python -m digitlab.worker`."""
