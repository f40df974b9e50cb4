"""What the delivery does, as a worker says it: a line of JSON, or a sentence, for each outcome."""

from __future__ import annotations

from engine import Deferred, Delivered, DeliveryEvent, Paused, Pushed, TicketUpdated, Undeliverable
from tui.cli import output
from tui.language import _
from tui.reasons import reason
from tui.words import age_words, pause_words, status_words


def say(event: DeliveryEvent, *, as_json: bool) -> None:
    """Print what happened; an idle turn is none."""
    told = _told(event)
    if told is None:
        return
    document, words = told
    if as_json:
        output.print_json(document)
    else:
        output.write(words + "\n")


def _told(event: DeliveryEvent) -> tuple[dict[str, object], str] | None:
    match event:
        case Delivered(ticket):
            number, glpi = ticket.ticket_number, ticket.glpi_ticket_id
            words = _("{number} est dans GLPI (n° {glpi}).").format(number=number, glpi=glpi)
            return {"event": "delivered", "ticket_number": number, "glpi": glpi}, words
        case Pushed(ticket, kind):
            number = ticket.ticket_number
            what = _("commentaire transmis") if kind == "comment" else _("modification transmise")
            return {"event": "pushed", "ticket_number": number, "kind": kind}, f"{number} : {what}."
        case TicketUpdated(ticket, taken):
            number, state = ticket.ticket_number, _("pris en charge") if taken else status_words(ticket.status)
            words = _("{number} : des nouvelles de GLPI ({state}).").format(number=number, state=state)
            return {"event": "updated", "ticket_number": number, "status": ticket.status}, words
        case Deferred(number, cause, retry_in_s):
            words = _("{number} attend : {why} Prochain essai dans {time}.").format(
                number=number, why=reason(cause)[0], time=age_words(retry_in_s)
            )
            document = {"event": "deferred", "ticket_number": number, "cause": cause, "retry_in_s": int(retry_in_s)}
            return document, words
        case Undeliverable(number, cause):
            why, fix = reason(cause)
            return {"event": "refused", "ticket_number": number, "cause": cause}, f"{number} : {why} {fix}"
        case Paused(cause):
            words = _("Envoi suspendu : {why}. Lancez « guichet doctor ».").format(why=pause_words(cause))
            return {"event": "paused", "cause": cause}, words
    return None
