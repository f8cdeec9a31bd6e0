"""Which codes name goods one by one."""

from __future__ import annotations

import re

import pytest

from drivers.contract import Code
from edge.codes.goods import goods

CARCASS = re.compile("YD[0-9]{11}")
SSCC = "106901234000010013"


@pytest.mark.parametrize(
    ("scheme", "value", "node"),
    [
        ("sscc", SSCC, f"sscc:{SSCC}"),
        ("epc-uhf", "E20034120123", "epc-uhf:E20034120123"),
        ("gs1", f"(00){SSCC}(37)40", f"sscc:{SSCC}"),
        ("gs1", f"(00){SSCC}", f"sscc:{SSCC}"),
        ("gs1", "(01)06901234000013(21)0042", "gs1:(01)06901234000013(21)0042"),
        ("gs1", "(01)06901234000013(10)LOT7", None),
        ("gtin", "06901234000013", None),
        ("gln", "6901234000016", None),
        ("text", "YD26112200001", "carcass:YD26112200001"),
        ("other", "YD26112200001", "carcass:YD26112200001"),
        ("text", "YD26112200001-A", None),
        ("text", "动检甲 0001", None),
    ],
)
def test_a_code_names_goods_or_none(scheme: str, value: str, node: str | None) -> None:
    assert goods(Code(scheme, value), CARCASS) == node


def test_without_a_pattern_no_text_names_goods() -> None:
    assert goods(Code("text", "YD26112200001")) is None
