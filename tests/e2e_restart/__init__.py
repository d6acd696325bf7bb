"""A real Home Assistant that is killed while commands wait."""
