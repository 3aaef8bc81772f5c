"""The page behind a payment link, bilingual and plain; shown by the API to whoever tries the demo by hand."""

from html import escape

from fastapi.responses import HTMLResponse

from tools.sandbox.shop import Shop

FRAME = """<!doctype html><html lang="{language}"><meta charset="utf-8">
<meta name="viewport" content="width=device-width"><title>{title}</title>
<style>body{{font:18px system-ui;max-width:28rem;margin:4rem auto;padding:0 1rem}}
button{{font:inherit;padding:.6rem 2rem}}
</style><h1>{title}</h1><p>{text}</p>{form}</html>"""
FORM = '<form method="post"><button>支付 / Pay</button></form>'


def payment_page(shop: Shop, link_id: str) -> HTMLResponse:
    link = shop.books.links.get(link_id)
    amount = f"{link.amount / 100:.2f} {link.currency}"
    if link.status != "open":
        return _page("链接已失效 / Link no longer valid", f"{link.status} · {amount}", "")
    return _page("演示商店支付 / Demo shop payment", f"{escape(link.checkout_id)} · {amount}", FORM)


def paid_page(shop: Shop, link_id: str) -> HTMLResponse:
    link = shop.books.links.get(link_id)
    return _page("已支付，谢谢 / Paid, thank you", f"{escape(link.payment_id or '')}", "")


def _page(title: str, text: str, form: str) -> HTMLResponse:
    return HTMLResponse(FRAME.format(language="zh-CN", title=title, text=text, form=form))
