"""What a person decided: vetoes, boosts, quotas, pins, bans, labels, notes, sets, tags, selections; with undo."""

from core.workspace.actions import FeatureDecisions
from core.workspace.decisions import WorkspaceState
from core.workspace.log import Event, Workspace

__all__ = ["Event", "FeatureDecisions", "Workspace", "WorkspaceState"]
