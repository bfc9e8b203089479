"""One module a command: its JSON fields, how they are filled, how they are shown."""
