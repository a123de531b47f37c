"""Which samples to keep: the registry of methods, and `select`."""

from core.selection.checks import check_spec, parsed_options
from core.selection.inputs import SampleInfo
from core.selection.method import Method, Option
from core.selection.registry import METHODS
from core.selection.run import is_nested, select

__all__ = ["METHODS", "Method", "Option", "SampleInfo", "check_spec", "is_nested", "parsed_options", "select"]
