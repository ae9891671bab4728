"""Invented words with the frequencies of a real language: the n-th is about n times rarer than the first."""

from __future__ import annotations

from itertools import accumulate, product
from random import Random

COMMON = "common"
RARE = "quokka"
RARE_MESSAGES = 10
COMMON_SHARE = 0.2
VOCABULARY = 8000


class Words:
    """Texts for about `messages` messages."""

    def __init__(self, random: Random, messages: int) -> None:
        self.random = random
        self.vocabulary = _vocabulary(random)
        self.weights = list(accumulate(1 / (rank + 2.7) for rank in range(len(self.vocabulary))))
        self.rare = set(random.sample(range(messages), min(RARE_MESSAGES, messages)))
        self.written = 0

    def subject(self) -> str:
        return " ".join(self._some(self.random.randint(3, 7))).capitalize()

    def body(self) -> str:
        words = self._some(self.random.randint(20, 60))
        if self.random.random() < COMMON_SHARE:
            words[len(words) // 2] = COMMON
        if self.written in self.rare:
            words[3] = RARE
        self.written += 1
        middle = len(words) // 2
        return f"{' '.join(words[:middle]).capitalize()}.\n\n{' '.join(words[middle:]).capitalize()}."

    def _some(self, count: int) -> list[str]:
        return self.random.choices(self.vocabulary, cum_weights=self.weights, k=count)


def _vocabulary(random: Random) -> list[str]:
    syllables = ["".join(pair) for pair in product("bdfgklmnprstvz", "aeiou")]
    pairs = ["".join(pair) for pair in product(syllables, syllables)]
    triples = [pair + random.choice(syllables) for pair in pairs]
    return random.sample(pairs, 2000) + random.sample(triples, min(len(triples), VOCABULARY - 2000))
