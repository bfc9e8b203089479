"""Read requests from files, folders, URLs, git revisions, JSONL and Parquet."""
