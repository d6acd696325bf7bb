"""What every package uses: background work, texts from outside, and certificates to trust."""
