"""Where the synthetic borrowers live, written as unevenly as branch offices write."""

__all__ = ["CHANNELS", "CITIES", "KINDS", "MISSING_PLACE"]

MISSING_PLACE = "Not Provided"

# (city as typed, department): most common first; upper case, lower case and gaps are on purpose.
CITIES: tuple[tuple[str, str | None], ...] = (
    ("Guatemala", "Guatemala"),
    ("Mixco", "Guatemala"),
    ("QUETZALTENANGO", "Quetzaltenango"),
    ("Escuintla", "Escuintla"),
    ("Antigua Guatemala", "Sacatepéquez"),
    ("COBAN", "Alta Verapaz"),
    ("Huehuetenango", "Huehuetenango"),
    ("Flores", "Petén"),
    ("villa nueva", "Guatemala"),
    ("Puerto Barrios", "Izabal"),
    ("Sololá", "Sololá"),
    ("Chimaltenango", MISSING_PLACE),
    ("MAZATENANGO", "SUCHITEPÉQUEZ"),
    ("Zacapa", "zacapa"),
    ("Jalapa", None),
)

KINDS = ("company", "person", "cooperative")
CHANNELS = ("branch", "referral", "web", "broker")
