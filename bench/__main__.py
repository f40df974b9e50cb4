"""``make bench``: every measurement, one table. Takes about two minutes; run it on an otherwise idle machine."""

from __future__ import annotations

from bench import confirm, first_paint, idle, key_echo, sync, triage
from bench.programs import table

if __name__ == "__main__":
    rows = [
        *first_paint.measure(),
        *key_echo.measure(),
        *idle.measure(),
        *confirm.measure(),
        *triage.measure(),
        *sync.measure(),
    ]
    print(table(rows))
