"""The command `helloword learned`: what became of what was done, and how it changes later decisions."""

from __future__ import annotations

import json
from typing import Any

from assistant.cases.views import json_ready
from assistant.followup.learned import Learned
from assistant.followup.learning import Learning
from assistant.settings import Settings
from assistant.store.engine import Store, make_engine
from assistant.store.migrate import upgrade
from knowledge.phrases import language_of
from knowledge.phrases.labels import label

_WORDS = {
    "nothing": ("尚无已知结果。", "Nothing has been learned yet."),
    "outcomes": ("{n} 例", "{n} cases"),
    "watched": ("例观察中", "still watched"),
    "undone": ("例已撤销", "undone"),
    "stayed": ("未复发", "stayed resolved"),
    "rating": ("平均评分", "mean rating"),
    "order": ("提供顺序", "offered in this order"),
    "policy": ("既定第", "by policy"),
}


def learned_command(settings: Settings, fault: str | None, *, as_json: bool, language: str) -> int:
    """Prints what was learned; 0.

    Raises:
        InputError: `invalid_filter` when there is no such fault.
    """
    upgrade(settings.database)
    engine = make_engine(settings.database)
    try:
        store = Store(engine)
        seen = json_ready(Learned(store, Learning(store)).view(fault))
    finally:
        engine.dispose()
    if as_json:
        print(json.dumps(seen, ensure_ascii=False, indent=2))
        return 0
    print("\n".join(_lines(seen, language_of(language))))
    return 0


def _lines(seen: dict[str, Any], language: str) -> list[str]:
    def word(key: str) -> str:
        return _WORDS[key][0 if language == "zh-CN" else 1]

    if not seen["items"]:
        return [word("nothing")]
    lines, fault = [], ""
    for item in seen["items"]:
        if item["fault"] != fault:
            fault = item["fault"]
            lines.append(f"{item['title'][language]} ({fault})")
            lines += _ranking(seen["rankings"].get(fault, []), word("order"), word("policy"), language)
        stayed, rating = item["stayed"], item["rating"]
        share = (
            f"{stayed['rate']:.0%} [{stayed['low']:.0%}–{stayed['high']:.0%}] ({stayed['hits']}/{stayed['of']})"
            if stayed["of"] else "—"
        )  # fmt: skip
        mean = "—" if rating["mean"] is None else f"{rating['mean']:.1f} ({rating['n']})"
        rest = "".join(f", {item[key]} {word(key)}" for key in ("watched", "undone") if item[key])
        deeds = _deeds(item["option"], language)
        lines.append(f"  {deeds} ({item['option']}): {word('outcomes').format(n=item['outcomes'])}{rest}")
        lines.append(f"    {word('stayed')} {share}  {word('rating')} {mean}")
        lines.append(f"    {item['effect']['places']:+.2f}  {item['effect']['words'][language]}")
    return lines


def _ranking(ranking: list[dict[str, Any]], title: str, before: str, language: str) -> list[str]:
    rows = [
        f"    {one['place']}. {_deeds(one['option'], language)} ({one['option']}; {before} {one['policy_place']}): "
        f"{one['reason'][language]}"
        for one in ranking
    ]
    return [f"  {title}:", *rows] if rows else []


def _deeds(option: str, language: str) -> str:
    between = "、" if language == "zh-CN" else ", "
    return between.join(label("action", action, language) for action in option.split("+"))
