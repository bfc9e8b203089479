"""From what a user names to requests: files, folders, URLs, revisions, JSONL, Parquet."""
