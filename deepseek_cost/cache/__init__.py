"""DeepSeek's context cache: what of a request is a hit, given the requests before it, and why not.

Rules: https://api-docs.deepseek.com/guides/kv_cache. That hits come in blocks of 128 tokens and
never reach the whole prompt is observed in the API's answers, not documented.
"""
