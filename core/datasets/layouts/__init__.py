"""How a record says who speaks: a layout is a function and an entry of LAYOUTS."""

from core.datasets.layouts.columns import Columns, RowError
from core.datasets.layouts.registry import LAYOUTS, messages

__all__ = ["LAYOUTS", "Columns", "RowError", "messages"]
