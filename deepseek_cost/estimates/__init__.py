"""Requests counted, added up and priced before they are sent."""
