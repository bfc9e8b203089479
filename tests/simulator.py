"""The cache in the slowest, plainest form: every prompt is kept, and every pair is compared."""

from dataclasses import dataclass, field

from deepseek_cost.prompt.breakdown import Hits


@dataclass
class Asked:
    """A request: its tokens, where the input ends, responses in it, owner, and time in seconds."""

    tokens: list[int]
    input: int
    responses: list[tuple[int, int]]
    owner: int
    at: float


@dataclass
class Unit:
    owner: int
    tokens: list[int]
    hit: int
    used: float


@dataclass
class Simulator:
    known: list[tuple[int, list[int]]] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)
    units: list[Unit] = field(default_factory=list)

    def take(self, request: Asked) -> Hits:
        self._write_the_latest_response(request)
        best = self._longest_common_prefix(request)
        expected, aged = self._longest_unit(request, best)
        if best > expected:
            self._write(request.owner, request.tokens[:best], best, request.at)
        self._write_end(request.owner, request.tokens[: request.input], request.at)
        self.known.append((request.owner, request.tokens))
        self.asked.append(request)
        return Hits(expected, best, aged)

    def _write_the_latest_response(self, request: Asked) -> None:
        for begin, end in reversed(request.responses):
            earlier = [
                other
                for other in self.asked
                if other.owner == request.owner and other.tokens == request.tokens[:begin]
            ]
            if earlier:
                self.known.append((request.owner, request.tokens[:end]))
                answered = request.tokens[:end]
                if not any(self._is(unit, request.owner, answered) for unit in self.units):
                    self._write_end(request.owner, answered, earlier[-1].at)
                return

    def _longest_common_prefix(self, request: Asked) -> int:
        best = 0
        for owner, tokens in self.known:
            same = 0
            for one, other in zip(tokens, request.tokens, strict=False):
                if one != other:
                    break
                same += 1
            if owner == request.owner:
                best = max(best, same)
        return min(best, len(request.tokens) - 1) // 128 * 128

    def _longest_unit(self, request: Asked, best: int) -> tuple[int, int]:
        matching = [
            unit
            for unit in self.units
            if unit.owner == request.owner
            and unit.tokens == request.tokens[: len(unit.tokens)]
            and request.at - unit.used <= 7 * 24 * 3600
        ]
        if not matching:
            return 0, 0
        longest = max(matching, key=lambda unit: len(unit.tokens))
        hit = min(best, longest.hit)
        aged = hit if request.at - longest.used > 3600 else 0
        longest.used = request.at
        return hit, aged

    def _write_end(self, owner: int, tokens: list[int], at: float) -> None:
        hit = (len(tokens) - 1) // 128 * 128
        if hit > 0:
            self._write(owner, tokens, hit, at)

    def _write(self, owner: int, tokens: list[int], hit: int, at: float) -> None:
        for unit in self.units:
            if self._is(unit, owner, tokens):
                unit.used = at
                unit.hit = max(hit, unit.hit)
                return
        self.units.append(Unit(owner, tokens, hit, at))

    @staticmethod
    def _is(unit: Unit, owner: int, tokens: list[int]) -> bool:
        return unit.owner == owner and unit.tokens == tokens
