"""Says the head of the audit trail to people, so that it stands where nobody can change it."""

from collections.abc import Sequence
from datetime import datetime

from fintech_factory.message import Attachment, Fact, Message, Occasion, Text
from fintech_factory.state.audit_seal import Pin
from fintech_factory.values import Severity

__all__ = ["anchor_message"]


def anchor_message(anchor: Pin, attachments: Sequence[Attachment] = ()) -> Message:
    """Give the message of a day's anchor, in English and Spanish.

    It holds all that `factory audit verify --anchor` reads, so that the file can be made again
    from the mail or the page alone. Each is a thread of its own: a page that is kept up to date
    would lose the one before.
    """
    facts = (
        Fact(Text("Entry", "Entrada"), anchor.sequence),
        Fact(Text("Head", "Cabeza"), anchor.head),
        Fact(Text("Signed at", "Firmado el"), datetime.fromisoformat(anchor.time)),
        Fact(Text("Exact time", "Hora exacta"), anchor.time),
        Fact(Text("Key", "Clave"), anchor.key_id),
        Fact(Text("Public key", "Clave pública"), anchor.public_key),
        Fact(Text("Signature", "Firma"), anchor.signature),
    )
    return Message(
        thread=f"audit-anchor-{anchor.key_id}-{anchor.sequence}",
        occasion=Occasion.ANCHOR,
        severity=Severity.INFO,
        subject=Text(
            f"Audit trail: entry {anchor.sequence}",
            f"Registro de auditoría: entrada {anchor.sequence}",
        ),
        summary=Text(
            f"The audit trail held {anchor.sequence} entries and ended in {anchor.head}.",
            f"El registro de auditoría tenía {anchor.sequence} entradas y terminaba en"
            f" {anchor.head}.",
        ),
        facts=facts,
        next_step=Text(
            "Keep this message where nobody who runs the system can change it; "
            "`factory audit verify --anchor FILE` holds the trail against it.",
            "Guarde este mensaje donde nadie que opere el sistema pueda cambiarlo; "
            "`factory audit verify --anchor FICHERO` compara el registro con él.",
        ),
        attachments=tuple(attachments),
    )
