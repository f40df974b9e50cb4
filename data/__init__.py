"""What Guichet keeps and what it ships: records, the SQLite store and the shipped texts.

Nothing here knows of GLPI, of a model or of a terminal.
"""
