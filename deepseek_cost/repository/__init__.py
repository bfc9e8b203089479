"""Files as a git repository has them: revisions resolved, their trees laid out to be read."""
