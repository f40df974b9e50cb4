"""What is known about an OpenAI-compatible server: which form of structured output it takes, and which parameters.

Servers differ: some answer 500 to a JSON schema, some take it and then write white space until the cut, some know
only text. We step down until a form works and remember it. Learned in memory, for one ``base_url``.
"""

from __future__ import annotations

from enum import IntEnum

from engine.triage.contract import TriageFailed


class Form(IntEnum):
    """Ways to ask for structured output, the best first."""

    JSON_SCHEMA = 0
    JSON_OBJECT = 1
    TEXT = 2


_REFUSES_FORM = frozenset({"http_400", "http_415", "http_422", "http_500", "http_501"})
"""Answers with which servers refuse a form. NOTE: llama-cpp-python 0.3.36 answers 500 to ``json_schema``."""

_FORM_DID_HARM = frozenset({"empty", "truncated", "invalid_json", "wrong_schema"})
"""What a form that the server mishandles produces, white space until the cut included."""


class Dialect:
    """How to talk to one server; starts with the best and learns from each call."""

    def __init__(self) -> None:
        self.form = Form.JSON_SCHEMA
        """The form to ask in."""
        self.limit = "max_tokens"
        """Name of the parameter that bounds an answer; newer OpenAI models know only ``max_completion_tokens``."""
        self.has_temperature = True
        """Whether ``temperature`` is taken; reasoning models refuse it."""
        self._is_proven = False

    def worked(self) -> None:
        """The form was answered usably: stay with it."""
        self._is_proven = True

    def step_down(self, failed: TriageFailed) -> bool:
        """Whether the same question is worth asking again now, in the form that ``form`` has become."""
        if failed.cause not in _REFUSES_FORM | _FORM_DID_HARM:
            return False
        if self._is_proven:
            if failed.cause in _REFUSES_FORM:  # perhaps another server by now: learn again from the next call on
                self.form, self._is_proven = Form.JSON_SCHEMA, False
            return False
        return self._move_on()

    def ran_out_of_time(self) -> None:
        """No answer came in time: unless this form has worked before, begin with the next one next time.

        A weak model under a schema can spend any deadline on white space.
        """
        if not self._is_proven:
            self._move_on()

    def adapt(self, refused_parameter: str | None) -> bool:
        """Whether the same question is worth asking again without the parameter the server refused (400)."""
        if refused_parameter == "max_tokens" and self.limit == "max_tokens":
            self.limit = "max_completion_tokens"
        elif refused_parameter == "temperature" and self.has_temperature:
            self.has_temperature = False
        else:
            return False
        return True

    def _move_on(self) -> bool:
        """To the next form, or after the last back to the first; whether there was a next."""
        is_last = self.form is Form.TEXT
        self.form = Form.JSON_SCHEMA if is_last else Form(self.form + 1)
        return not is_last
