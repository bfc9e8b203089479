"""What a prompt costs on DeepSeek's API, before it is sent."""
