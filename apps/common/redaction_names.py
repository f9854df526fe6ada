"""Names of persons in a text, found by surname and by what stands around it.  Pure.

No list holds all names, so a person looks at every text before it is published (``services/board.py``); this finds
what residents usually write: a name with a title (王老师), after a word that announces one (联系人：…), with 某, and
three-character names that the word cutter knows as such.  Streets and villages are called after families (王家墩,
李桥, 张公山寨): what is followed by such a word is a place.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

# The commonest surnames and the compound ones still in use; from general knowledge, not from a table of statistics.
SURNAMES = frozenset(
    "王李张刘陈杨黄赵周吴徐孙朱马胡郭林何高梁郑罗宋谢唐韩曹许邓萧冯曾程蔡彭潘袁于董余苏叶吕魏蒋田杜丁沈姜范江傅钟卢汪戴崔任陆廖姚方金邱夏谭韦贾邹石熊"
    "孟秦阎薛侯雷白龙段郝孔邵史毛常万顾赖武康贺严尹钱施牛洪龚汤陶黎温莫易樊乔文安殷颜庄章鲁倪庞邢俞翟蓝聂齐向申葛柴伍覃骆关焦柳欧祝纪尚毕耿芦左季管符辛"
    "苗詹曲靳祁路涂兰甘裴梅童翁霍游阮尤岳柯牟滕谷舒卜成饶宁凌盛查单冉鲍华包屈房喻解蒲卫简时连车项闵邬吉阳费卞宗席晏冷瞿明古肖闫付代刁桂娄柏艾池敖苟"
)
COMPOUND = (
    "欧阳", "上官", "司马", "诸葛", "司徒", "夏侯", "皇甫", "尉迟", "公孙", "慕容", "令狐", "端木", "东方", "南宫", "独孤",
    "长孙", "宇文", "轩辕", "钟离", "申屠", "百里", "呼延",
)  # fmt: skip
# Surnames that are small words as well: beside a title or a role they say nothing.
_SMALL = frozenset("向时连单车路成明解管查房包华项于任关常万安文方高白石金江代阳古池左卫简易尚宁温康段游")
_TITLES = (
    "先生", "女士", "小姐", "太太", "师傅", "阿姨", "大爷", "大妈", "大叔", "叔叔", "婆婆", "爹爹", "奶奶", "爷爷", "老师",
    "医生", "大夫", "护士", "主任", "书记", "科长", "局长", "处长", "所长", "队长", "经理", "老板", "店长", "校长", "院长",
    "同学", "警官", "同志", "律师", "会计", "嫂子", "大姐", "大哥",
)  # fmt: skip
# After these a name follows, whatever it looks like …
_SAYS = r"(?:姓名|名字|联系人|收件人|经办人|当事人|投诉人|举报人|反映人|申请人)"
_CALLED = r"(?:我叫|名叫|叫做)"
# … and after these perhaps.
_ROLES = (
    r"(?:本人|业主|户主|房主|房东|店主|老板|店长|车主|司机|租客|租户|住户|邻居|网格员|楼长|患者|病人|学生|孩子|儿子"
    r"|女儿|父亲|母亲|老公|老婆|丈夫|妻子|负责人|责任人|经理|主任|书记|所长|队长|保安|医生|老师|护士|民警|社工|同学|师傅)"
)
# A given name does not end in these, and what goes on with one of the second set is a place.
_PLACE_IN = frozenset("墩寨湾村路街巷岭桥湖港嘴咀庙畈垸店")
_PLACE_AFTER = _PLACE_IN | frozenset("山园洲滩塘堤镇乡站苑坊庄")
# Words after which no given name goes on.
_FUNCTION = frozenset(
    "的了是在和有说住到去来把被给让跟与及等于也都就还又不没很太从对向为要会想请找打骂叫用这那此每我你他她它们个位名家里上下"
    "前后左右时日号今昨晚再只最更比因但而或吗呢吧啊呀哦讲问看听告反卖养停做买搬拿放吃喝砸闹吵租接装拆挖种占堆倒烧"
)
_HAN = re.compile(r"[\u4e00-\u9fff]")
_NOT_NAMES = frozenset(
    {
        "马克思", "毛泽东", "周恩来", "邓小平", "江泽民", "胡锦涛", "习近平", "孙中山", "李时珍", "黄继光", "焦裕禄", "张之洞",
        "武钢", "武汉", "武昌", "武东", "江岸", "江夏", "江汉", "江苏", "江西", "黄石", "黄冈", "黄陂", "洪山", "苏州", "徐州",
        "郑州", "温州", "常州", "成都", "安徽",
    }
)  # fmt: skip
# What stands before the stars where something else was masked (``redaction.py``).
_MASK_WORDS = ("电话", "手机", "身份", "银行", "号码", "邮箱", "微信", "车牌", "住址", "地址")
_MOU = re.compile(r"([\u4e00-\u9fff])某{1,3}(?![些种个地时天次处类])")
_TITLED = re.compile("|".join(_TITLES))
_ANNOUNCED = re.compile(
    rf"(?P<says>{_SAYS})(?:[:：\s]|是|叫|为)*|(?P<called>{_CALLED})[:：\s]*|(?P<role>{_ROLES})(?:[:：\s]|是|叫|姓名|名叫)*"
)


@dataclass(frozen=True, slots=True)
class _Words:
    """A text cut into words: where each begins, how long it is, what part of speech it is."""

    text: str
    starts: list[int]
    words: list[str]
    tags: list[str]

    @classmethod
    def of(cls, text: str) -> _Words:
        """Cut ``text``."""
        import rjieba  # here: its dictionary takes 33 MiB, and not every process reads names

        starts, words, tags, at = [], [], [], 0
        for word, tag in rjieba.tag(text):
            starts.append(at)
            words.append(word)
            tags.append(tag)
            at += len(word)
        return cls(text, starts, words, tags)

    def at(self, place: int) -> tuple[int, str, str]:
        """Return begin, word and tag of the word that covers ``place``."""
        index = bisect_right(self.starts, place) - 1
        return self.starts[index], self.words[index], self.tags[index]


def names_in(text: str) -> list[tuple[int, int]]:
    """Return begin and end of each name of a person in ``text``, titles not included; unordered, may overlap."""
    words = _Words.of(text)
    return [*_with_title(words), *_with_mou(text, words), *_announced(text), *_known(words)]


def _is_word(word: str) -> bool:
    import rjieba

    return bool(rjieba.has_word(word))


def _surname_at(text: str, place: int) -> int:
    """Return how many characters of a surname begin at ``place``: 2, 1 or 0."""
    if text[place : place + 2] in COMPOUND:
        return 2
    return 1 if text[place : place + 1] in SURNAMES else 0


def _plain_word(words: _Words, place: int) -> bool:
    """Whether an ordinary word of the dictionary covers ``place``: one that begins before it, or names nobody."""
    begin, word, tag = words.at(place)
    if not _is_word(word):  # guessed by the cutter: 找王|阿姨
        return False
    if begin != place:
        return True
    if len(word) == 1 or tag.startswith(("nr", "ns", "nz")) or word in COMPOUND:
        return False
    return not _TITLED.fullmatch(word, 1)


def _with_title(words: _Words) -> Iterator[tuple[int, int]]:
    """Yield the part before a title: 王老师, 陈建国师傅, 欧阳女士."""
    text = words.text
    for title in _TITLED.finditer(text):
        end = title.start()
        for length in (4, 3, 2, 1):
            begin = end - length
            if begin < 0:
                continue
            surname = _surname_at(text, begin)
            given = text[begin + surname : end]
            if not surname or len(given) > 2 or not _given_fits(given) or text[begin:end] in _NOT_NAMES:
                continue
            if (not given and text[begin] in _SMALL and surname == 1) or _plain_word(words, begin):
                continue
            yield begin, end
            break


def _with_mou(text: str, words: _Words) -> Iterator[tuple[int, int]]:
    """Yield 张某, 张某某."""
    for hit in _MOU.finditer(text):
        if _surname_at(text, hit.start()) and words.at(hit.start())[0] == hit.start():
            yield hit.start(), hit.end()


def _announced(text: str) -> Iterator[tuple[int, int]]:
    """Yield what follows a word that announces a name: 联系人：陈伟, 店主刘德海."""
    for cue in _ANNOUNCED.finditer(text):
        begin = cue.end()
        surname = _surname_at(text, begin)
        if not surname or text.startswith(_MASK_WORDS, begin + surname):
            continue
        # Cut anew from here: of 店主|张辉 the cutter makes 店|主张|辉.
        rest = _Words.of(text[begin : begin + 8])
        small = surname == 1 and text[begin] in _SMALL
        if (small and not cue.group("says")) or (cue.group("role") and _plain_word(rest, 0)):
            continue
        end = begin + _given_end(rest, surname)
        if (
            end > begin + surname
            and text[begin:end] not in _NOT_NAMES
            and not _is_place(text, begin + surname, end)
        ):
            yield begin, end


def _known(words: _Words) -> Iterator[tuple[int, int]]:
    """Yield names of three characters and more that the word cutter takes for one."""
    text = words.text
    for begin, word, tag in zip(words.starts, words.words, words.tags, strict=True):
        end = begin + len(word)
        if not tag.startswith("nr") or not 3 <= len(word) <= 4 or _TITLED.search(word) or word in _NOT_NAMES:
            continue
        surname = _surname_at(text, begin)
        if not surname or not _given_fits(word[surname:]) or _is_place(text, begin + surname, end):
            continue
        # 阳光房 and 马拉松 begin with a word, 王建国 does not.
        if surname == 2 or not _is_word(word[:2]):
            yield begin, end


def _given_fits(given: str) -> bool:
    return all(_HAN.match(char) and char not in _FUNCTION for char in given) and "某" not in given


def _given_end(words: _Words, start: int) -> int:
    """Return where the given name that begins at ``start`` ends: one or two characters; rather one too many."""
    text, end = words.text, start
    while end < min(len(text), start + 2) and _given_fits(text[end]):
        own, word, _tag = words.at(end)
        # A second character that begins a word of its own belongs to the sentence: 张三|住在.
        if end > start and own == end and len(word) > 1 and _is_word(word):
            break
        end += 1
    return end


def _is_place(text: str, given: int, end: int) -> bool:
    """Whether a place is called after a family here: 王家墩, 张公山寨, 李桥村."""
    return (
        text[given] in "家公" or text[end - 1] in _PLACE_IN or (end < len(text) and text[end] in _PLACE_AFTER)
    )
