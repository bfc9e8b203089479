"""DeepSeek's price page: read into facts, and compared with the price book."""
