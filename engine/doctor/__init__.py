"""``guichet doctor``: each way between here and GLPI, looked at one by one. ``examination`` says in which order."""
