"""Whether a page answers what someone writes: by the words they share.  Pure."""

from __future__ import annotations

from collections.abc import Iterable

# Short words (的, 了, 去) and what every question holds tell nothing about its matter.
LEAST_CHARS = 2
COMMON = frozenset(
    {
        "请问", "怎么", "怎样", "如何", "什么", "哪里", "我们", "你们", "可以", "需要", "希望", "问题", "现在", "没有", "为什么", "这个",
        "那个", "已经", "一直", "处理", "反映", "投诉", "建议", "咨询", "解决", "有关", "部门", "谢谢", "能不能", "是不是", "青山", "青山区",
    }
)  # fmt: skip
# Enough of the words, and not by chance: two of them at least, where there are two.
ENOUGH = 0.4


def telling_words(words: Iterable[str]) -> list[str]:
    """Return the different words that tell of a matter, in order."""
    return list(dict.fromkeys(word for word in words if len(word) >= LEAST_CHARS and word not in COMMON))


def answer_score(*, words: list[str], title: str, text: str) -> float:
    """Return how far a page holds ``words`` (``telling_words``), 0 to 1; 0 where that is too little to be its answer.

    A word of the title counts as much as one of the text and half again.
    """
    if not words:
        return 0.0
    in_title = {word for word in words if word in title}
    held = in_title | {word for word in words if word in text}
    share = len(held) / len(words)
    if (
        share < ENOUGH
        or len(held) < min(2, len(words))
        or (len(words) > 1 and not in_title and share < 2 * ENOUGH)
    ):
        return 0.0
    return min(1.0, (share + 0.5 * len(in_title) / len(words)) / 1.5)
