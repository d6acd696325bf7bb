"""The life of a command, from submit to its outcome: queued, guarded, written, acknowledged, confirmed, stored."""
