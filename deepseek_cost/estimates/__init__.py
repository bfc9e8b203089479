"""Count, add up and price requests before they are sent."""
