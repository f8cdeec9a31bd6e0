"""What people say about animals and carcasses, as records repeat it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from edge.records.record import Piece


class Judged(Piece):
    """What the veterinarian found. · 检疫结果"""

    result: Literal["passed", "held", "condemned"] = Field(description="What was decided. · 结果")
    at: str = Field(description="When. · 检疫时间")
    by: str = Field(description="Who. · 检疫人员")
    finding: str | None = Field(None, description="What was seen. · 检查所见")


class Disposed(Piece):
    """Harmless disposal of what was condemned or died. · 无害化处理"""

    method: str = Field(description="How. · 处理方式")
    at: str = Field(description="When. · 处理时间")
    by: str = Field(description="Who. · 处理人员")
    mass_kg: Annotated[float, Field(ge=0)] | None = Field(None, description="Weight, kg. · 重量")
