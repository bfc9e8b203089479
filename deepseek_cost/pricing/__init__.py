"""What DeepSeek charges, and since when: the dated price book."""
