"""Records with the responses of a series one by one."""

from collections.abc import Iterator

from deepseek_cost.billing.formats.base import Found, Records, Series


def singly(records: Records) -> Iterator[Found]:
    for found in records:
        if isinstance(found, Series):
            yield from found.responses()
        else:
            yield found
