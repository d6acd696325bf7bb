"""What heaters have used: their past as statistics of Home Assistant, and what they report now."""
