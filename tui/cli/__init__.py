"""The commands of ``guichet``, one module a group."""
