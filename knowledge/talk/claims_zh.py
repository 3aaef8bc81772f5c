"""Claims in Chinese sentences: what each clause asserts, of whom, and done or to come; `claims` calls it.

The sentence is in simplified characters. What is asked, depends on the customer, is denied, only possible, usual,
wished or reported is none of our deeds (`_silent`, `claims_scope`); the rest is read deed by deed.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Sequence

from knowledge.talk import deeds as c
from knowledge.talk.claims_scope import Clause, Found, read
from knowledge.talk.claims_zh_words import DEEDS, HANDLE, SAYINGS, SOMETHING
from knowledge.talk.deeds import Kind

_QUOTED = re.compile(r"[“「『\"][^”」』\"]*[”」』\"]")
_CLAUSE = re.compile(
    r"[，,；;：:。！!\n—…~～]+|(?<=[啦了])(?=\s)|(?:但是?|不过|并且?(?=[退取给为将])|而且|"
    r"同时(?!在线))"
)
_THEIRS = (
    r"(?:付款|支付|申请|提交|选择|购买|填写|使用|下单|反映|反馈|投诉|咨询|寄回|退回|拒收|拍下?|看中|收藏|留下?|要求|"
    r"关心|提到|说|选|买|付|订)"
)
# What only says which thing is meant, why, or how sure it is; taken out before the clause is read.
_WHICH = re.compile(
    r"(?:换货|退货|补发|取消|退款|缺货|重复支付|重复)的那[件笔单一]|已(?:付款?|支付|购|下单|发货|发出|取消)的?(?=款|"
    r"订单|商品|金额|部分|的|费用|包裹)(?!订单(?:里|中))|(?:无法|不能)[^，,。]{1,6}的(?!时候|话)|"
    r"(?<![原基])因[^，,。]{1,10}?(?=已|现已|而|，|现)|(?<!把)(?<!将)多(?:收|扣|付)的(?![^，]{0,4}(?:元|块|钱))|"
    r"此前(?:没有|未)[^，,。]{1,8}(?=，)|(?:跟您|和您|向您)(?:确认|同步|说)一?下(?=，|,)|(?:看起来|看样子|系统(?:上|"
    r"里)?显示|显示|据了解|(?<!已)经(?:查询?|核实)(?=[，您])|估计|大概)|"
    rf"(?<![帮给为替向与跟和同])您(?:刚才|刚刚|之前|上次|已经?|昨天|此前|所)?{_THEIRS}(?:了|到|"
    rf"过)?的(?=[^，]{{1,16}}(?:已|会|正|马上|将|我|由|没|未|还|都|是|"
    r"今|明|问题|订单|地址|商品))|是因为"
)
_ASKS = re.compile(r"[?？]\s*$|吗[\s。!！]*$")
_ASKING = re.compile(
    r"请问|还有什么|是否|要不|可不可以|能不能|需不需要|好不好|行不行|什么|怎么|多少|几(?!天|个|件|分钟|小时|日)|哪|谁|"
    r"吗|呢|有没有|是不是|可以吗|对吧|还是|要我|需要我|麻烦您告诉"
)
_OFFER = re.compile(
    r"^(?:您看)?(?:可以|好|行|这样(?:可以|行|好)?|可不可以|好不好|行不行)(?:吗|么|吧|不)?$|^您看|怎么样$|如何$|"
    r"^(?:如果?|若|要是)?您(?:觉得|认为)?(?:愿意|同意|需要|方便|可以|合适)的话$"
)

# -- conditions --------------------------------------------------------------------------------------------------------

_IF = r"(?:如果?|若|假如|要是|只要|只有|除非|等|待|一旦|倘若|万一|要|需要?)"
_WANT = (
    r"(?:同意|愿意|确认|希望|接受|需要|想要?|选择|决定|方便|说一声|回复|告诉我们?|付款|付清|补付|支付|更正|补充|提供|"
    r"点击|授权|允许|认可|点头|吩咐|寄回|寄来|退回|发来|填好|填写|提交|上传)"
)
_CONSENT = re.compile(
    rf"{_IF}(?:是|到|着|了)?您(?:们|这边|那边)?[^，]{{0,8}}{_WANT}[^已了]{{0,12}}(?:的话|后|之后|以后|时|就|才|$)|"
    rf"{_IF}[^，没未不已]{{0,6}}(?:您)?(?:同意|愿意|希望|接受|方便|不想|不再需要|不需要)|(?:^|[^帮给为替向])您(?:们|"
    rf"这边|那边)?[^，]{{0,4}}{_WANT}[^已了]{{0,12}}(?:的话|后|之后|以后|时|就|才)|"
    r"^(?:付款|付清|支付|补付|补充|提供|点击|回复|说一声)[^已了]{0,12}(?:的话|后|之后|以后|时|就)|请选择取消|(?:如需|"
    r"如您|若您|如果您|若需|如要)[^没未不已]{0,10}(?:同意|愿意|确认|希望|接受|需要|需|想|选择|决定|方便|不想|不再需要|"
    r"不需要|取消|退|换|修改|改)|(?:说一声|没有您的(?:确认|同意)|未经您|经您(?:同意|确认)后?|您的(?:同意|确认|"
    r"许可)后?)|^[照据按]您的?(?:说法|说的?|讲的?|描述)$|您[^，已]{0,14}的话|(?:需要|方便|愿意|想要?|合适|可以|没问题|"
    r"同意)的话|^等您[^，]{0,14}(?:来|好|过来|完|后)$"
)
_CONSENT_DONE = re.compile(r"按照?您的(?:选择|要求|意思)|应您的要求|已")
# What the customer is to do; with “就/才” in what follows, that depends on it: “您点个头，我就取消”。
_THEIR_TURN = re.compile(
    r"^(?:亲|麻烦|请|辛苦)*您(?!的|放心|稍|等|好|别|不用|无需|不必|看|这|那|会|将|已|先别|耐心|说的|反)(?!.*(?:了|"
    r"过)$)[^已]{1,16}$|^(?:等|只要)[^，]{0,3}您[^已]{1,14}$|^(?:请|麻烦您)(?:先)?(?:把|提供|发|填|拍|补|付|确认|选择|"
    r"回复)"
)
_THEN = re.compile(
    r"(?:^|[我们这边单款]|马上|立刻|立即|^再|^便)(?:就|才)(?!是|算|刚|在|有|不)|^就|^才|这边就|我就|"
    r"我们就|才(?:能|会|可以)|我好"
)

# -- clauses that assert nothing ---------------------------------------------------------------------------------------

_NO_CLAIM = re.compile(
    r"^(?:请|麻烦您|烦请)(?!稍|放心|您?放心|等|耐心|您?稍)|^为了?(?:把|让|确保|能|使|避免|更)|我好(?:为|给|帮)|^(?:很|"
    r"非常)?乐意|您(?:刚才|刚刚|之前|上次|前面|先前)?(?:说|提到|跟我们说|反映|表示|写道|描述|投诉|讲|"
    r"问)(?!的[^，]{1,6}(?:已|会|正))|(?:邻居|家人|朋友|银行|室友)[^，]{0,6}(?:说|告诉|讲)|另外那家|别家|(?:其他|"
    r"另一家|别的)(?:店|商家|卖家|平台|公司)|那家店|^(?:真|也|我|我们|衷心|真心|多么)*(?:希望(?!的)|盼)|但愿|祝您|"
    r"要是能|恨不得|(?:明白|理解|清楚|知道|感谢|谢谢|看到|了解|注意|发现|收到)(?:到)?您(?!的(?:订单|退款|包裹|快递|货|"
    r"款))|您(?:以为|觉得|认为|期待|本来|原本|原以为)|早该|早就该|本该|[照据按]您的?(?:说|讲)|需要?\s?\d|一般|通常|"
    r"平时|按规定|原则上|往往|大多|正常情况|按照?(?:平台|公司|店铺)?(?:政策|规定)|规则|(?<!谢您的)(?<!谢您)支持(?!您|"
    r"团队)|随时|每(?:天|周|月|年|日|晚|个|次|逢)|默认|包邮|保证正品|即可(?!能)|不清楚|不确定|不知道|不好说|说不准|"
    r"难说|说不好|要看|取决于|等待|待审|待确认|待付|申请$|都可以|由同事来决定|才能决定|定下来|您(?:需要|得|也?可以?|"
    r"能)(?!放心)|要取消哪|自行|您自己|为您查到的"
)
_NEGATED = re.compile(
    r"没有|没法|没能|没办法|还没|并没|从没|并未|尚未|还未|未能|未(?:给|为|向|办|退|发|收|取|成功|送|完成|付|到)|无法|"
    r"不能|不会|不可|无权|不了(?!解|了之)|[看查找见]不到|没[看查找见]到|"
    r"没(?=[退发取收送办改换付处解查联到给为帮看见找])|不(?=[退发取送换改处赔补付予得])|不(?:支持|提供)|不是|不再|别|"
    r"暂不|无需|不用|不必|不需要|不影响|不变|只能|谢绝|拒绝"
)
_MODAL = re.compile(
    r"(?<!就)可以|可为|可给|可协助|能为|能给|能帮|也许|可能|或许|应该(?=由|先|可以|考虑|不|联系)|您应该|建议|考虑|"
    r"试试|尽量|不妨|如需|若需|如要|如不|才(?:会|能|可)|(?:就|即)(?:可以?|行)$"
)
_CUSTOMER = re.compile(
    r"(?<![帮给为替向与跟和同由])您(?:本人|自己|当时|昨天|今天|周.|上周|在[^，]{0,14}|于[^，]{0,14}|这边|刚才|刚刚|"
    r"之前|\d+月\d+日|不久|后来|已经?|也|又|"
    r"自己){0,3}(?:把[^，]{1,8})?(?<!帮您)(?<!给您)(?<!为您)(?<!替您)(?:已经?)?(?:自己)?(?:取消|支付(?!宝)|付款|付了|"
    r"改了|修改|更改|寄回|退货|下单|下了|提交|申请|选择|选了|填写|拒收|签收了|确认收货|退回了|寄出|使用|购买|回复|"
    r"联系)|是您[^，]{0,20}的$|已经?把[^，]{1,8}寄回来"
)

_CAN = re.compile(r"(?:我们?|这边)[^，]{0,3}(?:可以|能|可)(?!能|够理解|惜)[^，]")

# -- charges -----------------------------------------------------------------------------------------------------------

_TAKE = r"(?:扣(?:款|费|钱|除|走|您)|多?收(?:取|费|您)|产生[^，]{0,6}(?:扣款|费用|扣费))"
_NOT_CHARGED = re.compile(
    rf"(?:没有|没|未|并未|尚未|还未)(?:再|被|有|向您|从您)*[^，已看查见到]{{0,8}}{_TAKE}|不会?(?:再|向您|给您|从您|"
    rf"对您|重复|额外|多)*[^，]{{0,6}}(?:扣(?:款|费|钱|您)|多收|收(?:取|费|您))|未(?:被)?扣|"
    r"无需再付款|只需(?:承担|支付)|(?:一分|分文|一毛)[^，]{0,4}(?:不|没|未)(?:会|有)?[^，]{0,2}[收扣]|不(?:用|"
    r"需要?)(?:您)?(?:再)?(?:付|出|掏)[^，]{0,4}[钱费分]"
)
_NOT_YET_CHARGED = re.compile(r"不会|不再|只需|无需|不[收扣用需]")

# -- done or to come ---------------------------------------------------------------------------------------------------

_ALREADY = re.compile(r"已|刚刚|刚才|^刚|[我们都]刚|早就|业经|[^为]?(?:完毕|完成|成功)")
_SOON = re.compile(
    r"会(?!员)|一有|将(?!来)|马上|立即|立刻|立马|这就|正在|在给您|在帮您|在为您|稍后|稍候|尽快|待会|一会儿?|回头|晚些|"
    r"晚点|接下来|即将|预计|争取|保证|一定|务必|肯定|必定|第一时间|现在就|即刻|之内|以内|小时内|小时后|天内|分钟内|"
    r"分钟后|日内|周内|工作日|[前内](?=[给为送发到退寄解答回再帮弄]|您|一定|肯定|全额|办|就|能)|之前|以前(?=[给为送])|"
    r"明天|明早|明日|后天|今晚|今天内|今天之内|下周|下午|晚上|最迟|最晚|放心|包在|交给我|处理中|退款中|办理中|调查中|"
    r"核实中|继续|接着|优先|就(?=[给为帮向替]您|退|送到?|能|可以|来|告|通)|(?:核实|确认|查明|查清)后|"
    r"再(?=[给回联通告]|为您)|先(?=[给为帮向跟去转])|[我们来]来(?=[给为帮处查修核改解跟办])|来为您|来给您|来帮您|^来|"
    r"应该[^，]{0,4}(?:能|会|到)|[我们]去"
)
_NEWS = re.compile(r"就(?=[给为帮向]您[^，]{1,8}了$)")
_PERFECTIVE = re.compile(r"(?<!碎)(?<!坏)(?<!破)(?<!为)(?<!除)了(?!解|您)|过(?!来|去)|好$|好[啦了]|到账$|啦")
_AGENT = re.compile(
    r"[我们](?:这边|这里|先|再|去|来|们|现在|把|让|请)*[^，]{0,8}?|[给帮为替送发退补赠][您你]|向您|与您|跟您|为您|"
    r"由(?:专人|同事|我们)|同事|专人|客服|仓库|主管|师傅|快递员|全部退|全额退"
)
_BARE_TIME = re.compile(r"周[一二三四五六日末天]|\d+月\d+日|\d+[号日]|\d{1,2}[:：点]\d*|当天|今天|今日|本周")


_compiled = functools.cache(re.compile)  # more patterns than `re` keeps by itself


def found_in(sentence: str) -> Iterator[Found]:
    """(kind, deed) of each claim in one sentence."""
    plain = _WHICH.sub("", _QUOTED.sub("某", sentence))
    raw = [one.strip(" 、。.!！?？亲哈哦呢呀") for one in _CLAUSE.split(plain)]
    said: list[Found] = []
    soon = [False]  # whether the clause before was of what is to come; one without a mark of its own goes on so

    def deeds(clause: str, _: Sequence[str]) -> Iterator[Found]:
        said[:] = _of_clause(clause, soon=soon[0])
        soon[0] = bool(_SOON.search(clause)) and not _ALREADY.search(clause)
        return iter(said)

    return read(_clauses([one for one in raw if one], bool(_ASKS.search(sentence))), deeds)


def _clauses(raw: list[str], asks: bool) -> list[Clause]:
    asked = len(raw)
    if asks:
        asked = next((n for n, one in enumerate(raw) if _ASKING.search(one)), max(len(raw) - 1, 0))
    clauses = []
    for number, text in enumerate(raw):
        last = number > 0 and number == len(raw) - 1
        wanted = bool(_CONSENT.search(text)) and not _CONSENT_DONE.search(text)
        answered = number > 0 and bool(_THEIR_TURN.search(raw[number - 1])) and bool(_THEN.search(text))
        offers = last and bool(_OFFER.search(text))
        possible = bool(_CAN.search(text))
        clauses.append(Clause(text, number >= asked, wanted or answered, offers and (asks or wanted), possible))
    return clauses


def _silent(clause: str) -> bool:
    return bool(
        _NO_CLAIM.search(clause) or _CUSTOMER.search(clause) or _NEGATED.search(clause) or _MODAL.search(clause)
    )  # fmt: skip


def _of_clause(clause: str, *, soon: bool) -> Iterator[Found]:
    if _NOT_CHARGED.search(clause) and not _NO_CLAIM.search(clause):
        yield (c.WILL if _NOT_YET_CHARGED.search(clause) else c.DONE), c.NO_CHARGE
        return
    if _silent(clause):
        return
    named = {deed: kind for pattern, kind, deed in SAYINGS if pattern.search(clause)}
    for one in DEEDS:
        hit = one.deed not in named and _compiled(one.words).search(clause)
        if hit and one.never and _compiled(one.never).search(clause):
            continue
        if hit and (kind := _kind(clause, soon=soon)) is not None:
            named[one.deed] = kind
    something = not named and (HANDLE.search(clause) or SOMETHING.search(clause))
    if something and (kind := _kind(clause, soon=soon)) is not None:
        named[c.HANDLE] = kind
    if len(named) > 1:
        named.pop(c.HANDLE, None)
    yield from ((kind, deed) for deed, kind in named.items())


def _kind(clause: str, *, soon: bool) -> Kind | None:
    """By the clause's own words; one without, but with us for its subject or going on from what will be, is to come."""
    if _ALREADY.search(clause):
        return c.DONE
    if _SOON.search(_NEWS.sub("", clause)):
        return c.WILL
    if _PERFECTIVE.search(clause):
        return c.DONE
    return c.WILL if soon or _AGENT.search(clause) or _BARE_TIME.search(clause) else None
