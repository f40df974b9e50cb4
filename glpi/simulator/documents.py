"""Files of the simulated GLPI: what an upload makes, and what a refused one makes all the same.

NOTE: 10.0.19 and 11.0.6 answer 201 to a refused file and keep an empty document; only ``upload_result`` tells.
"""

from __future__ import annotations

import base64
import hashlib
import json
import mimetypes
import secrets
from dataclasses import dataclass
from email import message_from_bytes
from typing import TYPE_CHECKING, Any

from glpi.simulator.given import Refused, integer
from glpi.simulator.storage import Row

if TYPE_CHECKING:
    from glpi.simulator.world import World

_EXTENSIONS = frozenset(
    (
        "txt",
        "png",
        "jpg",
        "jpeg",
        "gif",
        "pdf",
        "csv",
        "doc",
        "docx",
        "odt",
        "ods",
        "xls",
        "xlsx",
        "zip",
        "xml",
        "json",
        "log",
    )
)
_MAX_BYTES = 2 * 1024 * 1024


@dataclass(frozen=True)
class Upload:
    """One file as it came."""

    name: str
    content: bytes
    error: str = ""
    """Why GLPI does not keep it."""


def multipart(content_type: str, body: bytes) -> tuple[Any, list[Upload]]:
    """The manifest and the files of a multipart request; the manifest is None where there is none."""
    message = message_from_bytes(b"Content-Type: " + content_type.encode() + b"\r\n\r\n" + body)
    manifest, uploads = None, []
    for part in message.walk():
        name = part.get_param("name", header="content-disposition")
        content = part.get_payload(decode=True)
        if not isinstance(content, bytes):
            continue
        if name == "uploadManifest":
            try:
                manifest = json.loads(content)
            except ValueError:
                continue
        elif part.get_filename():
            uploads.append(_judged(str(part.get_filename()), content))
    return manifest, uploads


def _judged(name: str, content: bytes) -> Upload:
    if name.rpartition(".")[2].lower() not in _EXTENSIONS:
        return Upload(name, content, "Type de fichier non autorisé")
    if len(content) > _MAX_BYTES:
        return Upload(name, content, "Le fichier est trop volumineux")
    return Upload(name, content)


def upload_result(upload: Upload, version: int) -> tuple[str, Row]:
    """The temporary name, and what is said of one file."""
    prefix = f"{secrets.token_hex(7)}.{secrets.randbelow(10**8):08d}"
    name = f"{prefix}{upload.name}"
    kind = mimetypes.guess_type(upload.name)[0] or "application/octet-stream"
    if upload.error:
        kind = "application/octet-stream"
    said: Row = {"name": name, "size": len(upload.content), "type": kind}
    if upload.error:
        said["error"] = upload.error
    else:
        script = "apirest.php" if version < 11 else "index.php"
        said["url"] = f"http://127.0.0.1/files/{name}"
        said |= {"deleteUrl": f"http://127.0.0.1/{script}?filenam={name}", "deleteType": "DELETE"}
    size = f"{len(upload.content)} o"
    return name, {
        **said,
        "prefix": prefix,
        "display": upload.name,
        "filesize": size,
        "id": f"docfilename{secrets.randbelow(2**31)}",
    }


class Documents:
    """The documents of one world."""

    def __init__(self, world: World) -> None:
        """``world``: where the tickets are."""
        self._world, self._storage = world, world.storage

    def add(self, given: Row, author: int, upload: Upload | None = None) -> int:
        """A document, empty where its file was refused; attached where the input says so. Raises Refused."""
        kept = upload if upload is not None and not upload.error else None
        attached = given.get("itemtype") == "Ticket" and integer(given.get("items_id"), 0) > 0
        if attached and upload is not None and kept is None:
            raise Refused("Le fichier n'a pas pu être enregistré")
        at = self._world.local_now()
        digest = hashlib.sha1(kept.content, usedforsecurity=False).hexdigest() if kept else None
        extension = kept.name.rpartition(".")[2].upper() if kept else ""
        row: Row = {
            "entities_id": integer(given.get("entities_id"), 0),
            "is_recursive": integer(given.get("is_recursive"), 0),
            "name": self._world.text(given.get("name") or (kept.name if kept else "")),
            "filename": kept.name if kept else None,
            "filepath": f"{extension}/{digest[:2]}/{digest[2:]}.{extension}" if digest else None,
            "documentcategories_id": 0,
            "mime": (mimetypes.guess_type(kept.name)[0] or "application/octet-stream") if kept else None,
            "date_mod": at,
            "comment": None,
            "is_deleted": 0,
            "link": given.get("link"),
            "users_id": author,
            "tickets_id": integer(given.get("tickets_id"), 0),
            "sha1sum": digest,
            "is_blacklisted": 0,
            "tag": f"{secrets.token_hex(4)}-{secrets.token_hex(4)}-{secrets.token_hex(11)}",
            "date_creation": at,
        }
        if kept is not None:
            self._storage.remember(f"file:{digest}", base64.b64encode(kept.content).decode())
        number = self._storage.add("Document", row)
        if attached:
            self.attach({"documents_id": number, "itemtype": "Ticket", "items_id": given["items_id"]}, author)
        return number

    def content(self, row: Row) -> bytes | None:
        """The bytes of a document; None where it is empty."""
        text = self._storage.recall(f"file:{row['sha1sum']}")
        return None if text is None else base64.b64decode(text)

    def attach(self, given: Row, author: int) -> int:
        """``POST /Document_Item``. Raises Refused."""
        document, ticket = integer(given.get("documents_id"), 0), integer(given.get("items_id"), 0)
        known = document in self._storage.rows("Document") and ticket in self._storage.rows("Ticket")
        if not known or given.get("itemtype") != "Ticket":
            raise Refused(None, "ERROR_RIGHT_MISSING")
        if any(row["documents_id"] == document for row in self._storage.where("Document_Item", "items_id", ticket)):
            raise Refused("")
        at = self._world.local_now()
        self._world.touch(ticket, author)
        return self._storage.add(
            "Document_Item",
            {
                "documents_id": document,
                "items_id": ticket,
                "itemtype": "Ticket",
                "entities_id": 0,
                "is_recursive": 0,
                "date_mod": at,
                "users_id": author,
                "timeline_position": 1,
                "date_creation": at,
                "date": None,
            },
        )
