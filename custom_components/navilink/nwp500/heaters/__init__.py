"""What heaters are asked and sent, what they report, and which of them are there."""
