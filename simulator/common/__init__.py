"""What the whole simulator stands on: clock, sockets, certificates, signatures and limits."""
