"""Decides who must be told what, and when: rules, alerts, routes, windows; facts in, values out."""
