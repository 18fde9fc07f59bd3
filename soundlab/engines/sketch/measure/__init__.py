"""What the bundled checkpoint is worth, in figures: ``soundlab bench sketch`` prints them.

The judges hear corpus audio only and know nothing of the model; corpus seeds from
``EVALUATION_SEED`` on are never trained on.
"""
