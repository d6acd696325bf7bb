"""What heaters are asked and told, what they report, and which of them are there."""
