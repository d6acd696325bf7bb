"""The drills themselves: their table, their page, and all of them before a release."""
