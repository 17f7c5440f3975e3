"""E-Rate arithmetic by dated rules, prices against peers, and pooled purchasing."""
