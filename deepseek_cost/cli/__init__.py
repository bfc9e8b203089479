"""The command line: options, settings, and one module per command."""
