"""The options of commands, as types: each is declared once, and means the same everywhere.

They stand by the headings of the help. Those that stay the same from run to run are settings: a
file or the environment may give them.
"""
