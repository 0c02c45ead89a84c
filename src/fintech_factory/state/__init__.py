"""The operational database: runs, readings, findings, alerts, outbox, audit; plain rows."""
