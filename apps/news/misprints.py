"""Characters that scanning confuses (于/干, 未/末, 已/己, 入/人, 土/士, 日/曰): found and reported, never changed."""

from __future__ import annotations

import re

# 干 after a word that asks for 于 ("at, in"), unless 干 begins a word of its own (干部, 干线, 干净 …).
_ASKS_FOR_YU = (
    "坐落|位|处|由|属|关|对|用|源|始|终|限|至|鉴|基|忠|善|勇|便|有利|有助|致力|成立|诞生|毕业|隶属|相当|相对|"
    "趋|濒|介|得益|受益|不亚|不同|有别|建成|毗邻"
)
_GAN_WORDS = "部警群流线渠道净燥旱果货扰预涉事活练劲将细湿支校休戚系了过着得不什啥掉枯涸洗冰粮粉性法杯脆裂"
_PATTERNS = tuple(
    re.compile(pattern)
    for pattern in (
        rf"(?:{_ASKS_FOR_YU})干(?![{_GAN_WORDS}])",
        r"(?<![周年月期岁季世本始])末(?:来|能|经|成年|必|曾|尝)",
        r"[尚从并]末",
        r"己经|早己|而己|自已|为已任",
        r"入民|投人使用|人驻|纳人(?=[规管范])|深人(?=[推实开贯基])|进人(?=[新全高快关])",
        r"人土|护土|女土|院土|士地",
        r"今曰|近曰|曰前|白然|白动化",
    )
)
_AROUND = 6


def misprints_find(*, text: str) -> list[str]:
    """Return an excerpt (at most 6 characters either side) for each likely misread character, in order."""
    hits = sorted({hit.span() for pattern in _PATTERNS for hit in pattern.finditer(text)})
    return [text[max(0, start - _AROUND) : end + _AROUND] for start, end in hits]
