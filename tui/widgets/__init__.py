"""The parts of the screens; each knows nothing beyond itself."""
