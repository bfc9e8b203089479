"""A page model and its drawers: terminal, text, HTML, Markdown, SVG."""
