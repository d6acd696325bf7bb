"""What every package uses: background work, and texts from outside."""
