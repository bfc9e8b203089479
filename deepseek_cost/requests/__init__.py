"""Requests as the API receives them: found in JSON documents and JSONL, told apart, read."""
