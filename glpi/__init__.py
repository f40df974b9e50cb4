"""GLPI as GLPI describes itself: transports, models and errors. Knows nothing of Guichet's own records."""
