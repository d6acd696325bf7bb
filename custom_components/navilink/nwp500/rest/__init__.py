"""One HTTPS call and every way it can fail, and the rarer APIs."""
