"""What every room uses: background work, and texts from outside."""
