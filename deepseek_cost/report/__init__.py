"""The versioned JSON report: its contract, and how it is made from estimates."""
