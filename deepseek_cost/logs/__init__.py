"""What the API answered, as logs keep it: lines of any shape with a `usage` in them."""
