"""What is measured, and against what: each module prints its figures as `name: value` lines."""
