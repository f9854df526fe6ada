#!/usr/bin/env python3
"""Checks the published files of an admission round, offline, with nothing but Python (3.9 or newer).

    python3 verify.py FOLDER [--roster-hash HEX] [--receipt CODE]

Its texts are Chinese: it is read by parents.  It imports nothing of the system that made the files and does every step anew:
the fingerprint of the roster, the commitment, the lots, the whole allocation, the claims of everyone, byte for byte.
"""

import argparse
import gc
import hashlib
import heapq
import hmac
import json
import os
import re
import sys

ALGORITHM = "qingshan-allocation-1"
TAG = "qingshan-draw-1"
ID = re.compile("[0-9a-z]{1,32}")
KEYS = {"category", "choices", "id", "size"}
FILES = ("roster.jsonl", "draw.json", "result.jsonl", "certificate.json")
TRUTHFUL = "truth_never_hurts"  # proven where no twins are placed together
GUARANTEES = {
    "deferred": ["no_claim_of_anyone", "best_for_the_children"],
    "draw": ["no_claim_of_anyone", "best_for_the_children"],
    "parallel": ["no_claim_within_a_batch"],
    "immediate": ["no_claim_within_a_step"],
}


class Wrong(Exception):
    """What does not hold, in words for parents."""


def need(holds, words):
    """Stop where something does not hold."""
    if not holds:
        raise Wrong(words)


def sha(data):
    """Return a SHA-256 as hex."""
    return hashlib.sha256(data).hexdigest()


DECODER = json.JSONDecoder()
ENCODER = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def canonical(value):
    """Return one line of canonical JSON."""
    return (ENCODER.encode(value) + "\n").encode()


def lines_of(data, name):
    """Return the objects of a file of lines; each must be canonical."""
    try:
        lines = data.decode().split("\n")
        found = [DECODER.decode(line) for line in lines[:-1]]
    except ValueError:
        raise Wrong(name + " 不是规定的格式") from None
    need(lines[-1] == "" and len(found) > 0, name + " 是空的，或没有写完")
    need(ENCODER.encode(found) == "[" + ",".join(lines[:-1]) + "]", name + " 不是规范格式，可能被改动")
    return found


def one_of(data, name):
    """Return the object of a file of one line."""
    found = lines_of(data, name)
    need(len(found) == 1 and isinstance(found[0], dict), name + " 格式不对")
    return found[0]


def whole(value, least=0):
    """Whether a value is an integer of at least ``least``."""
    return type(value) is int and value >= least


def roster_check(head, applicants):
    """Refuse a roster that contradicts itself."""
    rules = head["rules"]
    codes = {one["code"]: one for one in head["intakes"]}
    need(len(codes) == len(head["intakes"]), "名单中招生计划重复")
    need(head["format"] == 1 and rules["policy"] in GUARANTEES, "不认识的名单版本或规则")
    need(whole(rules["max_choices"], 1) and whole(rules["parallel_width"], 1), "规则中的数字不对")
    for one in codes.values():
        need(set(one) == {"code", "reserves", "seats"} and whole(one["seats"]), "招生计划格式不对")
        need(all(whole(seats) for _c, seats in one["reserves"]), "保留学位不对")
        need(sum(seats for _c, seats in one["reserves"]) <= one["seats"], "保留学位多于学位")
    most, known = rules["max_choices"], codes.keys()
    names = [one["id"] for one in applicants]
    need(names == sorted(set(names)), "名单代号重复或顺序不对")
    for one in applicants:
        need(one.keys() == KEYS, "名单条目格式不对")
        need(ID.fullmatch(one["id"]) is not None and whole(one["size"], 1), "名单条目不对")
        choices = one["choices"]
        wanted = {choice[0] for choice in choices}
        need(1 <= len(choices) <= most and len(wanted) == len(choices), "志愿数量不对")
        need(wanted <= known, "志愿不在招生计划中")
        numbers = [n for choice in choices for n in choice[1:]]
        need(len(numbers) == 3 * len(choices), "志愿格式不对")
        need(set(map(type, numbers)) == {int} and min(numbers) >= 0, "志愿中的数字不对")


class Round:
    """The roster with everyone's place in each intake's order."""

    def __init__(self, head, applicants, seed):
        self.rules = head["rules"]
        self.applicants = applicants
        self.lots = [
            int.from_bytes(hmac.digest(seed, one["id"].encode(), "sha256")[:8], "big") for one in applicants
        ]
        policy, most = self.rules["policy"], self.rules["max_choices"]
        self.width = {"immediate": 1, "parallel": self.rules["parallel_width"]}.get(policy, most)
        by_lot = sorted(range(len(applicants)), key=lambda a: (self.lots[a], applicants[a]["id"]))
        self.place_of_lot = [0] * len(applicants)
        for place, a in enumerate(by_lot):
            self.place_of_lot[a] = place
        index = {one["code"]: i for i, one in enumerate(head["intakes"])}
        self.codes = [one["code"] for one in head["intakes"]]
        self.total = [one["seats"] for one in head["intakes"]]
        self.kept = [{c: n for c, n in one["reserves"] if n} for one in head["intakes"]]
        self.size = [one["size"] for one in applicants]
        self.category = [one["category"] for one in applicants]
        self.wants, self.keys = [], []  # keys: the greater comes first
        for a, one in enumerate(applicants):
            lot = self.place_of_lot[a]
            self.wants.append([index[c[0]] for c in one["choices"]])
            if policy == "draw":
                self.keys.append([(-c[1], -lot) for c in one["choices"]])
            else:
                self.keys.append([(-c[1], c[2], -c[3], -lot) for c in one["choices"]])

    def allocate(self):
        """Return each applicant's intake or None, by the published rule."""
        held = [None] * len(self.wants)
        seats, kept = list(self.total), [dict(one) for one in self.kept]
        for first in range(0, self.rules["max_choices"], self.width):
            free = [a for a, place in enumerate(held) if place is None]
            self.batch(free, first, first + self.width, held, seats, kept)
            for a in free:
                if held[a] is not None:
                    seats[held[a]] -= self.size[a]
                    mine = kept[held[a]]
                    if self.category[a] in mine:
                        mine[self.category[a]] = max(0, mine[self.category[a]] - self.size[a])
        return held

    def batch(self, free, first, end, held, seats, kept):
        """Let everyone ask, best choice first; whom an intake refuses asks the next one, until nobody is refused."""
        desks = [Desk(seats[i], kept[i], self.size, self.category) for i in range(len(seats))]
        at = dict.fromkeys(free, first)
        asking = list(free)
        while asking:
            refused = []
            for a in asking:
                place = at[a]
                if place < end and place < len(self.wants[a]):
                    desks[self.wants[a][place]].ask(self.keys[a][place], a, refused)
            for a in refused:
                at[a] += 1
            asking = refused
        for intake, desk in enumerate(desks):
            for a in desk.holders():
                held[a] = intake


class Desk:
    """One intake: places kept for categories, then open ones, each given from the front of the order."""

    def __init__(self, seats, kept, size, category):
        self.seats, self.size, self.category = seats, size, category
        self.kept, self.asked, self.keys = {}, {}, {}
        for name, places in kept.items():
            self.kept[name] = [min(places, seats), 0, [], None]  # places, used, holders (worst on top), line
            self.asked[name] = 0
            seats -= self.kept[name][0]
        self.open = [self.seats, 0, [], None]

    def ask(self, key, a, refused):
        """Take an applicant in if its place in the order allows; add to ``refused`` whom that leaves out."""
        own = self.kept.get(self.category[a])
        if own is None:
            places, used, holders, line = self.open
            if line is not None and key <= line:
                refused.append(a)
            elif used == places and self.size[a] == 1 and holders and self.size[holders[0][1]] == 1:
                # The commonest case: one child takes the place of one, or is itself the one left out.
                self.open[3], out = heapq.heappushpop(holders, (key, a))
                refused.append(out)
            else:
                self.enter(self.open, key, a, refused)
            return
        self.keys[a] = key
        self.asked[self.category[a]] += self.size[a]
        promised = sum(min(pool[0], self.asked[name]) for name, pool in self.kept.items())
        self.open[0] = self.seats - promised
        self.shed(self.open, refused)
        out = []
        self.enter(own, key, a, out)
        for other in out:
            self.enter(self.open, self.keys[other], other, refused)

    def enter(self, pool, key, a, refused):
        """Take an applicant into a pool of places, unless it stands behind where the pool stopped."""
        if pool[3] is not None and key <= pool[3]:
            refused.append(a)
            return
        heapq.heappush(pool[2], (key, a))
        pool[1] += self.size[a]
        self.shed(pool, refused)

    def shed(self, pool, refused):
        """Refuse from the end of the order until the rest fits; nobody behind that comes in any more."""
        while pool[1] > pool[0]:
            key, a = heapq.heappop(pool[2])
            pool[1] -= self.size[a]
            pool[3] = key
            refused.append(a)

    def holders(self):
        """Return who has a place here."""
        return [a for pool in (self.open, *self.kept.values()) for _key, a in pool[2]]


def load(folder):
    """Return the files of a folder by name."""
    found = {}
    for name in (*FILES, "manifest.json"):
        path = os.path.join(folder, name)
        need(os.path.isfile(path), "缺少文件 " + name)
        with open(path, "rb") as file:
            found[name] = file.read()
    return found


def verify(files, roster_hash="", receipt=""):
    """Check everything; return a few sentences about the round.  Raises Wrong."""
    try:
        return _verify(files, roster_hash, receipt)
    except (KeyError, TypeError, ValueError, IndexError, AttributeError):
        raise Wrong("文件内容与规定的格式不符") from None


def _verify(files, roster_hash, receipt):
    manifest = one_of(files["manifest.json"], "manifest.json")
    need(
        manifest["files"] == {name: sha(files[name]) for name in FILES}, "文件与清单的指纹不符，有文件被改动"
    )
    head, *applicants = lines_of(files["roster.jsonl"], "roster.jsonl")
    roster_check(head, applicants)
    fingerprint = sha(files["roster.jsonl"])
    need(not roster_hash or roster_hash.lower() == fingerprint, "名单指纹与您收到的不同")
    draw = one_of(files["draw.json"], "draw.json")
    need(manifest == {"files": manifest["files"], "round": head["round"]}, "清单的批次不符")
    need(draw["roster_sha256"] == fingerprint and draw["round"] == head["round"], "派号所用的名单不符")
    need(draw["algorithm"] == ALGORITHM, "算法版本不同，请使用同一批次发布的验证程序")
    secret = draw["secret"]
    need(re.fullmatch("[0-9a-f]{64}", secret) is not None, "密数格式不对")
    bound = "|".join((TAG, "commit", head["round"], fingerprint, secret))
    need(sha(bound.encode()) == draw["commitment"], "密数与事先公布的承诺不符")
    expected = {
        "algorithm",
        "commitment",
        "public_number",
        "public_source",
        "roster_sha256",
        "round",
        "secret",
    }
    need(set(draw) == expected, "draw.json 内容不对")
    seed = hashlib.sha256(
        "|".join((TAG, "seed", secret, draw["public_number"], fingerprint)).encode()
    ).digest()
    work = Round(head, applicants, seed)
    held = work.allocate()
    quoted = [ENCODER.encode(code) for code in work.codes]
    result = "".join(
        '{"id":"%s","intake":%s,"lot":%d}\n' % (one["id"], "null" if place is None else quoted[place], lot)
        for one, place, lot in zip(applicants, held, work.lots)
    ).encode()
    need(result == files["result.jsonl"], "重新派位的结果与公布的不同")
    placed = sum(one["size"] for one, place in zip(applicants, held) if place is not None)
    policy = head["rules"]["policy"]
    guarantees = GUARANTEES[policy]
    if policy in ("deferred", "draw") and all(one["size"] == 1 for one in applicants):
        guarantees = [*guarantees, TRUTHFUL]
    certificate = {
        "applicants": len(applicants), "children": sum(one["size"] for one in applicants), "guarantees": guarantees,
        "holds": True, "placed": placed, "policy": policy, "problems": [], "result_sha256": sha(result),
        "roster_sha256": fingerprint, "seats": sum(one["seats"] for one in head["intakes"]),
    }  # fmt: skip
    need(canonical(certificate) == files["certificate.json"], "校验证书与结果不符")
    told = [
        "批次 %s：%d 名儿童，%d 个学位，%d 人录取。"
        % (head["round"], certificate["children"], certificate["seats"], placed)
    ]
    told.append("名单、承诺、公开数、派号、派位结果逐字节一致。")
    if receipt:
        at = next((n for n, one in enumerate(applicants) if one["id"] == receipt), None)
        need(at is not None, "名单中没有这个代号")
        place = "未录取" if held[at] is None else work.codes[held[at]]
        told.append(
            "代号 %s：派号 %d（第 %d 位），%s。" % (receipt, work.lots[at], work.place_of_lot[at] + 1, place)
        )
    return told


def main(arguments=None):
    """Run the command line; 0 when everything holds."""
    parser = argparse.ArgumentParser(description="验证一个招生批次的公布文件")
    parser.add_argument("folder", help="存放公布文件的文件夹")
    parser.add_argument("--roster-hash", default="", help="冻结时收到的名单指纹")
    parser.add_argument("--receipt", default="", help="您孩子的名单代号")
    given = parser.parse_args(arguments)
    gc.disable()  # the files are held until the end; looking for garbage among them only takes time
    try:
        for line in verify(load(given.folder), given.roster_hash, given.receipt):
            print(line)
    except Wrong as wrong:
        print("验证不通过：%s" % wrong)
        return 1
    print("验证通过。")
    return 0


if __name__ == "__main__":
    sys.exit(main())
