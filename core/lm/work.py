"""What a language model is asked to do, in tokens, and how long that takes by how fast it has read before."""

from __future__ import annotations

from dataclasses import dataclass

from core.system.shown import duration

# Times as long as for a token that extraction reads, which goes through half of the model: processor seconds of the
# demo's model with one thread, 24 samples.
READ, TRAINED, WRITTEN = 2.0, 10.0, 30.0


@dataclass(frozen=True)
class Work:
    """Tokens that a model reads to the end, is trained on (every pass counts) and writes."""

    read: float = 0.0
    trained: float = 0.0
    written: float = 0.0

    def __add__(self, other: Work) -> Work:
        return Work(self.read + other.read, self.trained + other.trained, self.written + other.written)

    def __mul__(self, times: float) -> Work:
        return Work(self.read * times, self.trained * times, self.written * times)

    def seconds(self, speed: float) -> float:
        """How long it takes about, at a speed of so many tokens that extraction read a second."""
        return (READ * self.read + TRAINED * self.trained + WRITTEN * self.written) / speed

    def told(self, speed: float) -> str:
        """All of it in a sentence; the time is left out where no speed is known (0)."""
        kinds = {"read": self.read, "trained on": self.trained, "written at most": self.written}
        parts = [f"{number:,.0f} tokens {kind}" for kind, number in kinds.items() if number]
        how_long = duration(self.seconds(speed)) if speed else ""
        at = f" That takes about {how_long} at the speed of this store's extraction, {speed:,.0f} tokens/s."
        return f"About {', '.join(parts)}." + (at if speed else "")
