"""What eyes and fingers meet: the counter in a terminal, and the command line."""
