"""Usage reported by the API as billed tokens, and what they cost."""
