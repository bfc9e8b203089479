"""What a shell may complete an option's value to; loaded when it asks."""


def models(incomplete: str) -> list[str]:
    """Return the models of the bundled price table."""
    from deepseek_cost.pricefile import load_prices

    names = [name for model in load_prices().model for name in model.names]
    return [name for name in names if name.startswith(incomplete)]


def zones(incomplete: str) -> list[str]:
    """Return time zones."""
    from zoneinfo import available_timezones

    return sorted(name for name in available_timezones() if name.startswith(incomplete))


def instants(incomplete: str) -> list[str]:
    """Return the instants that have names."""
    names = ("now", "cheapest", "peak", "off-peak")
    return [name for name in names if name.startswith(incomplete)]
