"""What requests did cost, by the usage of their answers, and how good the forecast was."""
