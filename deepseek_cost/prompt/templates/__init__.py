"""One file a template of DeepSeek's: what it is made of, as data."""
