"""The REST service: one HTTPS call and every way it can fail, tokens, and the APIs of account and time-of-use plans."""
