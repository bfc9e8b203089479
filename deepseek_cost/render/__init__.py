"""Renderers: each draws a page in its own way, and knows nothing of reports."""
