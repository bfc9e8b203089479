"""One module per command: its JSON fields, how they are filled and how they are shown."""
