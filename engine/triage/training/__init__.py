"""How the local model is made: ``python -m engine.triage.training`` (``make train``). Nothing here is used at run time."""
