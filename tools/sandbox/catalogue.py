"""What the shop sells: a believable range in two markets, Chinese titles in CNY and English titles in USD."""

from tools.sandbox.model import Product, Stock

# category -> (Chinese noun, English noun, base price in CNY fen, base price in US cents, option name, six
# variants)
RANGE: dict[str, tuple[str, str, int, int, str, tuple[tuple[str, str], ...]]] = {
    "headphones": (
        "无线降噪耳机",
        "Wireless Headphones",
        49_900,
        7_900,
        "colour",
        (
            ("雅黑", "black"),
            ("珍珠白", "white"),
            ("雾蓝", "blue"),
            ("砂金", "gold"),
            ("薄荷绿", "green"),
            ("樱粉", "pink"),
        ),
    ),
    "kettle": (
        "恒温电热水壶",
        "Electric Kettle",
        15_900,
        3_900,
        "capacity",
        (
            ("0.8升", "0.8 l"),
            ("1.0升", "1.0 l"),
            ("1.2升", "1.2 l"),
            ("1.5升", "1.5 l"),
            ("1.7升", "1.7 l"),
            ("2.0升", "2.0 l"),
        ),
    ),
    "t_shirt": (
        "纯棉短袖T恤",
        "Cotton T-Shirt",
        9_900,
        1_900,
        "size",
        (("S码", "S"), ("M码", "M"), ("L码", "L"), ("XL码", "XL"), ("XXL码", "XXL"), ("XXXL码", "XXXL")),
    ),
    "running_shoes": (
        "缓震跑步鞋",
        "Running Shoes",
        39_900,
        8_900,
        "size",
        (
            ("39码", "EU 39"),
            ("40码", "EU 40"),
            ("41码", "EU 41"),
            ("42码", "EU 42"),
            ("43码", "EU 43"),
            ("44码", "EU 44"),
        ),
    ),
    "backpack": (
        "防泼水双肩包",
        "Water-resistant Backpack",
        25_900,
        5_900,
        "colour",
        (
            ("深灰", "grey"),
            ("藏青", "navy"),
            ("军绿", "olive"),
            ("卡其", "khaki"),
            ("酒红", "burgundy"),
            ("黑色", "black"),
        ),
    ),
    "desk_lamp": (
        "护眼台灯",
        "LED Desk Lamp",
        19_900,
        4_500,
        "light",
        (
            ("暖光", "warm"),
            ("自然光", "neutral"),
            ("冷光", "cool"),
            ("三档调光", "3-step"),
            ("无级调光", "stepless"),
            ("感应调光", "sensor"),
        ),
    ),
    "tea": (
        "明前龙井礼盒",
        "Loose-leaf Tea Box",
        12_800,
        2_400,
        "weight",
        (
            ("50克", "50 g"),
            ("100克", "100 g"),
            ("150克", "150 g"),
            ("200克", "200 g"),
            ("250克", "250 g"),
            ("500克", "500 g"),
        ),
    ),
    "smart_watch": (
        "智能运动手表",
        "Smart Watch",
        89_900,
        17_900,
        "strap",
        (
            ("硅胶表带", "silicone"),
            ("皮质表带", "leather"),
            ("尼龙表带", "nylon"),
            ("钢质表带", "steel"),
            ("钛质表带", "titanium"),
            ("编织表带", "braided"),
        ),
    ),
    "face_cream": (
        "保湿修护面霜",
        "Moisturising Face Cream",
        16_800,
        2_900,
        "skin",
        (
            ("干性", "dry"),
            ("油性", "oily"),
            ("混合性", "combination"),
            ("敏感性", "sensitive"),
            ("中性", "normal"),
            ("熟龄", "mature"),
        ),
    ),
    "keyboard": (
        "机械键盘",
        "Mechanical Keyboard",
        29_900,
        6_900,
        "switch",
        (
            ("红轴", "red"),
            ("茶轴", "brown"),
            ("青轴", "blue"),
            ("黑轴", "black"),
            ("银轴", "silver"),
            ("静音轴", "silent"),
        ),
    ),
    "speaker": (
        "蓝牙音箱",
        "Bluetooth Speaker",
        22_900,
        4_900,
        "colour",
        (
            ("黑色", "black"),
            ("灰色", "grey"),
            ("红色", "red"),
            ("蓝色", "blue"),
            ("米色", "beige"),
            ("绿色", "green"),
        ),
    ),
    "yoga_mat": (
        "防滑瑜伽垫",
        "Non-slip Yoga Mat",
        8_900,
        2_500,
        "thickness",
        (
            ("4毫米", "4 mm"),
            ("5毫米", "5 mm"),
            ("6毫米", "6 mm"),
            ("8毫米", "8 mm"),
            ("10毫米", "10 mm"),
            ("15毫米", "15 mm"),
        ),
    ),
    "umbrella": (
        "自动折叠雨伞",
        "Folding Umbrella",
        6_900,
        1_800,
        "colour",
        (
            ("藏青", "navy"),
            ("黑色", "black"),
            ("酒红", "burgundy"),
            ("格纹", "tartan"),
            ("透明", "clear"),
            ("墨绿", "dark green"),
        ),
    ),
    "blanket": (
        "加厚珊瑚绒毯",
        "Fleece Blanket",
        12_900,
        3_200,
        "size",
        (
            ("100厘米", "100 cm"),
            ("130厘米", "130 cm"),
            ("150厘米", "150 cm"),
            ("180厘米", "180 cm"),
            ("200厘米", "200 cm"),
            ("230厘米", "230 cm"),
        ),
    ),
    "mug": (
        "陶瓷马克杯",
        "Stoneware Mug",
        4_900,
        1_400,
        "colour",
        (
            ("白色", "white"),
            ("蓝色", "blue"),
            ("灰色", "grey"),
            ("黄色", "yellow"),
            ("棕色", "brown"),
            ("粉色", "pink"),
        ),
    ),
    "e_book": (
        "电子书",
        "E-Book",
        3_900,
        999,
        "subject",
        (
            ("家庭园艺", "gardening"),
            ("日常烘焙", "baking"),
            ("入门摄影", "photography"),
            ("城市骑行", "cycling"),
            ("中国茶事", "tea"),
            ("天文观星", "astronomy"),
        ),
    ),
}
DIGITAL = {"e_book"}
BRANDS = {"CNY": ("云栖", "山行"), "USD": ("Northwind", "Fernhill")}
STEP = 3  # per cent of the base price between one variant and the next
FULL_SHELF = 1_000
SCARCE_VARIANT = 5


def build() -> tuple[list[Product], list[Stock]]:
    """All products with their stock; the sixth variant of every shipped category is sold out."""
    products: list[Product] = []
    stocks: list[Stock] = []
    for category in RANGE:
        for currency in ("CNY", "USD"):
            for variant in range(6):
                product = _product(category, currency, variant)
                products.append(product)
                stocks.append(_stock(product, variant))
    return products, stocks


def _product(category: str, currency: str, variant: int) -> Product:
    chinese, english, fen, cents, option, variants = RANGE[category]
    in_chinese, in_english = variants[variant]
    brand = BRANDS[currency][variant % 2]
    base = fen if currency == "CNY" else cents
    chinese_market = currency == "CNY"
    return Product(
        id=f"{'CN' if chinese_market else 'US'}-{category.upper().replace('_', '')}-{variant + 1}",
        title=f"{brand}{chinese} {in_chinese}" if chinese_market else f"{brand} {english}, {in_english}",
        category=category,
        attributes={"brand": brand, option: in_chinese if chinese_market else in_english},
        currency=currency,
        unit_price=base * (100 + STEP * variant) // 100,
        requires_shipping=category not in DIGITAL,
    )


def _stock(product: Product, variant: int) -> Stock:
    if not product.requires_shipping:
        return Stock(id=product.id, on_hand=1_000_000, shop_listed=1_000_000, received=1_000_000)
    if variant == SCARCE_VARIANT:
        return Stock(id=product.id, on_hand=0, scarce=True)
    return Stock(id=product.id, on_hand=FULL_SHELF, shop_listed=FULL_SHELF, received=FULL_SHELF)
