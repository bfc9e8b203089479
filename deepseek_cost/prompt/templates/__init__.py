"""DeepSeek's templates as data, one file each."""
