"""Render a request with DeepSeek's chat template, and predict its cache hits."""
