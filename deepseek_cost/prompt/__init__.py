"""A request in DeepSeek's chat template, and what the context cache has of it."""
