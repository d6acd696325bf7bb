"""When to heat and how much: insight into the tank, the heating plan, and boosts."""
