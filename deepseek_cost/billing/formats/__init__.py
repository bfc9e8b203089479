"""The formats of logs that a bill is read from, one module each."""
