"""The command line: options, settings, one module a command."""
