"""What a language model may ask and do: a tool for each, for the heaters that are exposed to an assistant."""
