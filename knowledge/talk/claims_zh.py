"""Claims in Chinese sentences: deeds by their words, and what in the clause tells done from to come; `claims` calls it.

The sentence is in simplified characters.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from knowledge.talk import deeds as c
from knowledge.talk.deeds import Kind

Found = tuple[Kind, str]

_QUOTED = re.compile(r"[“「『\"][^”」』\"]*[”」』\"]")
_CLAUSE = re.compile(r"[，,；;：:。！!\n—…~～]+|(?<=[啦了])(?=\s)|(?:但是?|不过|并且?(?=[退取给为将])|而且|同时)")
# What only says which thing is meant, or why; taken out before the clause is read.
_WHICH = re.compile(
    r"(?:换货|退货|补发|取消|退款|缺货|重复支付|重复)的那[件笔单一]|已(?:付款?|支付|购|下单|发货|发出|"
    r"取消)的?(?=款|订单|商品|金额|部分|的|费用|包裹)|(?:无法|"
    r"不能)[^，,。]{1,6}的(?!时候|话)|"
    r"(?<![原基])因[^，,。]{1,10}?(?=已|现已|而|，|现)|多(?:收|扣|付)的|此前(?:没有|未)[^，,。]{1,8}(?=，)"
)
_ASKS = re.compile(r"[?？]\s*$|吗[\s。!！]*$")
_ASKING = re.compile(
    r"请问|还有什么|是否|要不要|可不可以|能不能|需不需要|好不好|行不行|什么|怎么|多少|几|哪|谁|吗|呢|有没有|"
    r"是不是|可以吗"
)

# -- clauses that assert nothing ---------------------------------------------------------------------------------------

_CONSENT = re.compile(
    r"(?:如果?|若|假如|要是|只要|等|待|一旦|倘若)?您?(?:们)?(?:同意|愿意|确认|希望|接受|需要|想要?|选择|决定|"
    r"方便|说一声|回复|告诉我们?|"
    r"付款|付清|支付|更正|补充|提供|点击)[^已了]{0,12}(?:的话|后|之后|以后|时|就)|请选择取消|"
    r"(?:如果?|若|要是|只要|倘若|如需|如您|若您|如果您)[^没未不已]{0,10}(?:同意|愿意|确认|希望|接受|需要|需|想|"
    r"选择|决定|方便|不想|不再需要|不需要)|"
    r"(?:说一声|没有您的(?:确认|同意)|未经您|经您(?:同意|确认)后?|您的(?:同意|确认)后)"
)
_CONSENT_DONE = re.compile(r"按照?您的(?:选择|要求|意思)|应您的要求")
_NO_CLAIM = re.compile(
    r"^(?:请|麻烦您|烦请)(?!稍|放心|您?放心|等|耐心)|^为了?(?:把|让|确保|能|使|避免|更)|"
    r"您(?:刚才|刚刚|之前|上次|前面|先前)?(?:说|提到|跟我们说|反映|表示|写道|描述|投诉|讲|问)|"
    r"^(?:真|也|我|我们|衷心)?希望(?!的)|但愿|祝您|要是能|恨不得|明白您|理解您|我看到您|知道您|感谢您|"
    r"[照据按]您的?(?:说|讲)|需要?\s?\d|一般|通常|平时|按规定|原则上|往往|大多|正常情况|按照?政策|规则|"
    r"支持(?:七天|7天|退|\d)|随时|"
    r"即可(?!能)|不清楚|不确定|不知道|要看|取决于|等待|待审|待确认|待付|申请$|都可以|由同事来决定|才能决定|定下来|"
    r"您需要|您得|需要您|要取消哪|您可以|您也可以|您可|您能"
)
_NEGATED = re.compile(
    r"没有|没法|没能|还没|并没|从没|并未|尚未|还未|未能|未(?:给|为|向|办|退|发|收|取|成功|送|完成|付|到)|无法|"
    r"不能|不会|不可|无权|"
    r"[给做办发退送查]不[了到]|没(?=[退发取收送办改换付处解查联到给为帮])|不(?=[退发取送换改处赔补付])|不是|"
    r"不再|别|暂不|无需|不用|不必|"
    r"不影响|不变"
)
_MODAL = re.compile(r"可以|可为|可给|能为|能给|能帮|也许|可能|或许|应该|建议|考虑|试试|尽量|不妨|如需|若需|如要|如不")
_CUSTOMER = re.compile(
    r"(?<![帮给为替向与跟和同])您(?:本人|自己|当时|昨天|今天|周.|上周|在[^，]{0,14}|于[^，]{0,14}|这边|刚才|"
    r"刚刚|之前|"
    r"已经?|也|又|自己){0,3}(?:把[^，]{1,8})?"
    r"(?<!帮您)(?<!给您)(?<!为您)(?<!替您)(?:已经?)?(?:取消|支付(?!宝)|付款|付了|改了|修改|更改|寄回|退货|下单|下了|"
    r"提交|申请|选择|选了|填写|拒收|签收了|确认收货|退回了|寄出|"
    r"使用|购买|回复|联系)"
)
_OURS = re.compile(r"您(?:支付|申请|提交|选择|购买|填写|使用|下单)的")

# -- done or to come ---------------------------------------------------------------------------------------------------

_ALREADY = re.compile(r"已|刚刚|刚才|早就|业经|[^为]?(?:完毕|完成|成功)")
_SOON = re.compile(
    r"会(?!员)|一有|将(?!来)|马上|立即|立刻|这就|正在|稍后|尽快|待会|一会儿?|回头|晚些|晚点|接下来|即将|预计|争取|"
    r"保证|一定|务必|第一时间|"
    r"现在就|即刻|之内|以内|小时内|天内|分钟内|日内|周内|工作日|[前内](?=[给为送发到退寄解答回再]|您|一定|全额|"
    r"办|就)|之前|以前(?=[给为送])|"
    r"明天|明早|明日|后天|今晚|今天内|今天之内|下周|下午|晚上|最迟|最晚|放心|包在|交给我|处理中|退款中|办理中|"
    r"调查中|核实中|"
    r"就(?=[给为帮向]您|退|送到?|能|可以|来)|先(?=[给为帮向跟去])|[我们来]来(?=[给为帮处查修核改解跟办])|"
    r"来为您|来给您|来帮您|^来"
)
_NEWS = re.compile(r"就(?=[给为帮向]您[^，]{1,8}了$)")
_PERFECTIVE = re.compile(r"(?<!碎)(?<!坏)(?<!破)(?<!为)(?<!除)了(?!解)|过(?!来|去)|好$|好[啦了]|到账$|啦")
_AGENT = re.compile(
    r"[我们](?:这边|这里|先|再|去|来|们|现在|把|让|请)*[^，]{0,8}?|[给帮为替送发退补赠][您你]|向您|与您|跟您|"
    r"为您|由(?:专人|同事|我们)|同事|专人|客服|仓库"
)
_BARE_TIME = re.compile(r"周[一二三四五六日末天]|\d+月\d+日|\d+[号日]|\d{1,2}[:：点]\d*|当天|今天|今日|本周")


class _Deed(NamedTuple):
    deed: str
    words: str
    never: str = ""


_DEEDS = (
    _Deed(c.REFUND,
          r"退款|退(?:还|回|给|到|您|了?[款钱]|差价|\d|¥)|原路(?:返还|返回|退)|返还|退[^，]{0,8}元|(?:差额|"
          r"差价|多扣|那笔|这笔)[^，]{0,14}退|(?:款|款项|"
          r"钱|货款|元)[^，]{0,10}"
          r"(?:退|到账|到您|返还|回到)|差价[^，]{0,6}退", never=r"券[^，]{0,8}(?:退|到)|退货单|积分"),
    _Deed(c.CANCEL, r"取消|撤单|作废|从[^，]{0,6}订单里?中?(?:去掉|移除|删除)|关闭订单",
          never=r"取消后一单"),
    _Deed(c.SHIP,
          r"发货|发出|寄出|出库|补发|揽收|重发|发走|交给?快递|交付承运|给您(?:重新)?(?:发|寄)(?!放|短信|邮件|"
          r"消息|一?张|优惠券|"
          r"券)|(?:快递|包裹)[^，]{0,6}在路上",
          never=r"券|邮件|邮箱|短信|暂停|暂缓|拦截|(?:发|到)货(?:时|之?后)"),
    _Deed(c.DELIVER,
          r"送达|送到|送货|派送|签收|预计到货|到货日期|配送|送过去|送上门|收到(?:货|包裹|商品|订单)|到货|送至",
          never=r"记好|记下|新地址|配送遇到|到货后|送达已取消|无法送达|派送[时后]"),
    _Deed(c.CREATE_ORDER,
          r"补建|(?:订单|单子)[^，]{0,6}(?:生成|创建|建好|补建)|(?:帮您|为您|给您)?(?:重新)?下单|重新生成订单"),
    _Deed(c.RESERVE, r"预留|留好|留到|留着|保留|锁定库存|备好|备货|把货留", never=r"开放销售|占用|预留的"),
    _Deed(c.RELEASE, r"重新开放销售|重新上架|(?:库存|占用|预留)[^，]{0,6}释放|释放[^，]{0,6}库存"),
    _Deed(c.REPLACE,
          r"更换|换(?:成|新|货|一|件|为|了|好|个|款)|替换|改成\d*[^，]{0,4}[码号色款]|换[^，]{0,6}(?:新的|一件)",
          never=r"换一种|地址"),
    _Deed(c.PRICE,
          r"(?:总额|价格|金额|价|总价|运费)[^，]{0,14}(?:更正|调整|改|调低|修正|下调|降)|改价|按(?:低价|原价|"
          r"优惠价|[^，]{0,6}价格?)"
          r"[^，]{0,6}(?:结算|更正)|(?:调整|调低|降低|改)[^，]{0,4}(?:金额|价格|总额|总价)|调价|(?:更正|调整|"
          r"改)为\s*[¥$€£\d]"),
    _Deed(c.COUPON, r"(?:优惠券|代金券|折扣码|券)[^，]{0,24}(?:发|补|退|送|抵扣|生效|存入|放[进入]|返|赠|到)|"
          r"(?:发|送|补|赠|获得|得到|退还)[^，]{0,24}(?:优惠券|代金券|券)"),
    _Deed(c.ADDRESS,
          r"地址[^，]{0,8}(?:改|变更|更新|更正|补全|换|修正|补充)|(?:改|修改|更改|变更|更新|更正|补全|"
          r"整理)[^，]{0,16}(?:地址|收货信息)|"
          r"收货信息[^，]{0,12}(?:补全|更正|修改|更新|整理)|新地址[^，]{0,8}(?:配送|发|寄|送)|改为到?自提点|"
          r"补全后的地址", never=r"记下|登记|备注|订单页面"),
    _Deed(c.CHARGE, r"扣款|扣费|扣钱|收款|收到[^，]{0,6}付款|付款[^，]{0,16}(?:成功|收到|到账)|收到\s*[¥$€£]",
          never=r"重复扣款|授权|多扣|多收"),
    _Deed(c.CONTACT,
          r"联系|答复|回复|回电|打(?:个)?电话|致电|来电|留言|发[^，]{0,6}(?:邮件|邮箱)|邮件给您|回访|"
          r"客服[^，]{0,6}为您服务",
          never=r"的答复|您的回复|联系方式|直接回复"),
    _Deed(c.CHECK,
          r"查(?:一下|看|询|过|清|明|实|证|到)|(?:在|来|去)查|核(?:实|查|对)|调查|看看|看一下|"
          r"跟(?!您)[^，]{0,6}确认|排查|"
          r"了解[^，]{0,4}情况|帮您查|催(?:一下|促)",
          never=r"您查收|请查收"),
    _Deed(c.HAND_OVER,
          r"转(?:接|交|给|人工|到|达)|转[^，]{0,6}(?:人工|专员|同事|客服)|接[通入][^，]{0,3}(?:人工|客服)|接手|"
          r"(?:专人|同事|"
          r"专员)[^，]{0,8}(?:跟进|负责|处理|接管)|移交",
          never=r"转账"),
    _Deed(c.COMPENSATE,
          r"补偿|赔付|赔偿|礼物|赠品|小礼品|积分[^，]{0,8}(?:补|发|送|到)|(?:补|送|发)[^，]{0,6}积分",
          never=r"券"),
    _Deed(c.ESCALATE, r"上报|升级|加急|优先处理|提级|反馈给(?:主管|上级|经理)|催办"),
    _Deed(c.NOTIFY, r"通知|告知|提醒|给您发(?:消息|短信)|告诉您|跟您说|短信[^，]{0,4}(?:您|告)|同步给?您|知会",
          never=r"告知的|通知书"),
    _Deed(c.RECORD, r"记下|记录|登记|备注|记好|备案", never=r"记录显示|登记到货"),
    _Deed(c.HOLD, r"暂停|暂缓|拦截|先不发|冻结"),
)  # fmt: skip
_HANDLE = re.compile(
      r"处理|解决|搞定|弄好|办好|办妥|修好|安排|跟进|恢复正常|修复|修好|办理|操作好|弄妥|帮您办|照常|更正|调整")

# A saying decides by itself; what stands for None is read off the clause.
_SAYINGS: tuple[tuple[re.Pattern[str], Kind, str], ...] = tuple(
    (re.compile(pattern), kind, deed)
    for pattern, kind, deed in (
        (r"退款[^，]{0,6}(?:在路上|途中)|退款[^，]{0,4}处理中|退款中", c.WILL, c.REFUND),
        (r"您(?:会|将|就会|即将|就能|就可以|能)[^，]{0,8}收到[^，]{0,6}(?:退款|款项|钱)", c.WILL, c.REFUND),
        (r"(?:钱|款|款项|退款)[^，]{0,6}就?能到", c.WILL, c.REFUND),
        (r"(?<!也)(?:就|便|即)(?:能|可以|可)收到(?:货|包裹|商品)|就能(?:送到|收到)", c.WILL, c.DELIVER),
        (r"您(?:将|会)[^，]{0,4}(?:获得|收到|得到)[^，]{0,8}券", c.WILL, c.COUPON),
        (r"授权[^，]{0,4}(?:已|也已)[^，]{0,4}(?:撤销|取消|解除|释放)", c.DONE, c.NO_CHARGE),
        (r"订单[^，]{0,10}已[^，]{0,10}改为到?自提", c.DONE, c.ADDRESS),
        (r"包在我(?:们)?身上|交给我(?:们)?[吧就]?", c.WILL, c.HANDLE),
        (r"(?:搞定|办好|弄好|处理好|解决)[了啦]", c.DONE, c.HANDLE),
    )
)  # fmt: skip
_SOMETHING = re.compile(
    r"(?:我们?|这边|客服|同事|团队)(?:这边)?(?:会|马上|立即|立刻|已经?|正在|一定|这就)(?!需要|看到|收到您|了解|"
    r"理解|明白|尽力|知道|有|是|"
    r"在|努力|陪|为您解答|为您介绍|说明|列出|查不)"
)
_OFFER = re.compile(
      r"^(?:您看)?(?:可以|好|行|这样(?:可以|行|好)?|可不可以|好不好|行不行)(?:吗|么|吧|不)?$|^您看|怎么样$|"
      r"如何$")
_NOT_CHARGED = re.compile(
    r"(?:没有|没|未|并未|尚未|还未)(?:再|被|有|向您|从您)*[^，已]{0,8}(?:扣(?:款|费|钱|除|您的?钱)|多?收(?:取|费))|"
    r"不会?(?:再|向您|给您|从您|对您|重复|额外|多)*[^，]{0,6}(?:扣(?:款|费|钱)|多收|收(?:取|费))|未(?:被)?扣|"
    r"无需再付款|只需(?:承担|支付)"
)
_NOT_YET_CHARGED = re.compile(r"不会|不再|只需|无需")


def found_in(sentence: str) -> Iterator[Found]:
    """(kind, deed) of each claim in one sentence."""
    asks = bool(_ASKS.search(sentence))
    plain = _WHICH.sub("", _QUOTED.sub("某", sentence))
    clauses = [one.strip(" 、。.!！?？亲") for one in _CLAUSE.split(plain)]
    clauses = [one for one in clauses if one]
    asked = len(clauses)
    if asks:
        asked = next((n for n, one in enumerate(clauses) if _ASKING.search(one)), max(len(clauses) - 1, 0))
    offered = asks and bool(clauses) and bool(_OFFER.search(clauses[-1]))  # “我帮您取消，可以吗？”
    conditional, soon = False, False
    for clause in clauses[:asked]:
        if _CONSENT.search(clause) and not _CONSENT_DONE.search(clause) and not _ALREADY.search(clause):
            conditional = True
        if conditional:
            continue
        yield from (one for one in _of_clause(clause, soon=soon) if not (offered and one[0] == c.WILL))
        soon = bool(_SOON.search(clause)) and not _ALREADY.search(clause)


def _of_clause(clause: str, *, soon: bool) -> Iterator[Found]:
    if _NOT_CHARGED.search(clause):
        yield (c.WILL if _NOT_YET_CHARGED.search(clause) else c.DONE), c.NO_CHARGE
        return
    if _NO_CLAIM.search(clause) or (_CUSTOMER.search(clause) and not _OURS.search(clause)):
        return
    if _NEGATED.search(clause) or _MODAL.search(clause):
        return
    named = {deed: kind for pattern, kind, deed in _SAYINGS if pattern.search(clause)}
    for one in _DEEDS:
        hit = one.deed not in named and re.search(one.words, clause) and not re.search(one.never or r"(?!)", clause)
        if hit and (kind := _kind(clause, soon=soon)) is not None:
            named[one.deed] = kind
    something = not named and (_HANDLE.search(clause) or _SOMETHING.search(clause))
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
