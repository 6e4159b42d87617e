"""The names of the simulated customers, in Chinese and English: invented, and reachable nowhere but at example.test."""

CITIES = (
    ("苏州", "Suzhou"),
    ("宁波", "Ningbo"),
    ("青岛", "Qingdao"),
    ("佛山", "Foshan"),
    ("无锡", "Wuxi"),
    ("成都", "Chengdu"),
    ("武汉", "Wuhan"),
    ("厦门", "Xiamen"),
    ("合肥", "Hefei"),
    ("长沙", "Changsha"),
    ("天津", "Tianjin"),
    ("西安", "Xi'an"),
)

BRANDS = (
    ("恒泰", "Hengtai"),
    ("金鼎", "Jinding"),
    ("瑞丰", "Ruifeng"),
    ("宏达", "Hongda"),
    ("鑫源", "Xinyuan"),
    ("盛和", "Shenghe"),
    ("东启", "Dongqi"),
    ("华茂", "Huamao"),
    ("立信", "Lixin"),
    ("诚远", "Chengyuan"),
    ("嘉禾", "Jiahe"),
    ("明德", "Mingde"),
    ("远航", "Yuanhang"),
    ("泰安", "Tai'an"),
    ("中联", "Zhonglian"),
    ("博雅", "Boya"),
    ("信达", "Xinda"),
)

FOREIGN_BRANDS = (
    "Northgate",
    "Harbour Lane",
    "Alder & Sons",
    "Blue Ridge",
    "Castlefield",
    "Meridian",
    "Oakhurst",
    "Silverline",
    "Fairmont",
    "Kestrel",
    "Westbrook",
    "Lindqvist",
    "Moreau",
    "Tanaka",
    "Brightwater",
    "Hartwell",
    "Penrose",
    "Stonebridge",
    "Calloway",
    "Everett",
    "Novak",
    "Rasmussen",
    "Delacroix",
    "Whitfield",
    "Marlowe",
    "Sorensen",
    "Pemberton",
    "Lakeshore",
    "Ironwood",
    "Greenhalgh",
    "Beaumont",
    "Thornbury",
    "Ashworth",
    "Cardinal",
)

# Industry code: Chinese and English part of a company's name.
INDUSTRIES = {
    "construction": ("建筑工程", "Construction"),
    "machinery": ("机械制造", "Machinery"),
    "electronics": ("电子科技", "Electronics"),
    "textiles": ("纺织", "Textiles"),
    "food": ("食品", "Foods"),
    "logistics": ("物流", "Logistics"),
}

# Country: its time zone and the ending of a company's name there.
FOREIGN_COUNTRIES = {
    "SG": ("Asia/Singapore", "Pte. Ltd."),
    "GB": ("Europe/London", "Ltd"),
    "US": ("America/New_York", "Inc."),
    "DE": ("Europe/Berlin", "GmbH"),
}

SURNAMES = (
    ("王", "Wang"),
    ("李", "Li"),
    ("张", "Zhang"),
    ("刘", "Liu"),
    ("陈", "Chen"),
    ("赵", "Zhao"),
    ("周", "Zhou"),
)
GIVEN_NAMES = (
    ("敏", "Min"),
    ("静", "Jing"),
    ("伟", "Wei"),
    ("丽华", "Lihua"),
    ("建国", "Jianguo"),
    ("晓明", "Xiaoming"),
)
FOREIGN_PEOPLE = ("Anna Weber", "James Carter", "Priya Nair", "Tom Ellis", "Laura Bennett", "Wei Ling Tan")
