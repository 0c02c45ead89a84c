"""The fixed words around a message, in both languages."""

from fintech_factory.message import Occasion, Text
from fintech_factory.values import LimitState, Severity

__all__ = ["LEVELS", "MARKED", "MARKS", "OCCASIONS", "PHRASES", "SEVERITIES"]

SEVERITIES = {
    Severity.CRITICAL: Text("Critical", "Crítico"),
    Severity.WARNING: Text("Warning", "Advertencia"),
    Severity.INFO: Text("Information", "Información"),
}
LEVELS = {
    LimitState.NONE: Text("Healthy", "Sano"),
    LimitState.WARNING: Text("Warning", "Advertencia"),
    LimitState.CRITICAL: Text("Critical", "Crítico"),
    LimitState.EXECUTIVE: Text("Executive", "Ejecutivo"),
}
OCCASIONS = {
    Occasion.ALERT: Text("Alert", "Alerta"),
    Occasion.UPDATE: Text("Update", "Actualización"),
    Occasion.ESCALATION: Text("Escalated", "Escalada"),
    Occasion.REPEAT: Text("Still open", "Sigue abierta"),
    Occasion.RESOLVED: Text("Resolved", "Resuelta"),
    Occasion.OPERATIONS: Text("Operations", "Operaciones"),
    Occasion.REPORT: Text("Report", "Informe"),
    Occasion.ANCHOR: Text("Audit anchor", "Ancla de auditoría"),
    Occasion.TEST: Text("Test", "Prueba"),
}
# Only these are told; a mark of another name is the channel's own matter.
MARKS = {
    "rule": Text("Rule", "Regla"),
    "level": Text("Level", "Nivel"),
    "state": Text("State", "Estado"),
    "owner": Text("Owner", "Responsable"),
}
# What those marks say, where it is one of our own words.
MARKED = {
    **{("level", level.value): words for level, words in LEVELS.items()},
    ("state", "pending"): Text("pending", "pendiente"),
    ("state", "firing"): Text("firing", "activa"),
    ("state", "acknowledged"): Text("acknowledged", "confirmada"),
    ("state", "resolved"): Text("resolved", "resuelta"),
    ("state", "closed"): Text("closed", "cerrada"),
}
PHRASES = {
    "next_step": Text("Next step", "Siguiente paso"),
    "runbook": Text("Runbook", "Guía"),
    "as_of": Text("As of", "Al"),
    "data_through": Text("data through", "datos hasta"),
    "chart": Text("Chart", "Gráfico"),
    "more": Text("and {} more", "y {} más"),
    "no_picture": Text("The chart could not be drawn.", "No se pudo dibujar el gráfico."),
    "repeat": Text(
        "This may be a repeat: it is not known whether it reached you before.",
        "Esto puede ser una repetición: no se sabe si ya le había llegado.",
    ),
    "test": Text("This is a test. Nothing has happened.", "Esto es una prueba. No ha pasado nada."),
    "left_out": Text(
        "Too large to be attached: {}.",
        "Demasiado grande para adjuntarse: {}.",
    ),
    "sent_by": Text("Sent by Fintech Factory", "Enviado por Fintech Factory"),
    "history": Text("History", "Historial"),
    "kept": Text(
        "Kept up to date by Fintech Factory: what is written in here is replaced. Your own notes"
        " go below the line.",
        "Fintech Factory lo mantiene al día: lo que se escriba aquí se reemplaza. Sus notas van"
        " debajo de la línea.",
    ),
}
