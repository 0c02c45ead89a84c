"""Rules, alerts, routes, silences and escalation: facts in, values out."""
