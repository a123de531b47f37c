"""What a person decided: vetoes, pins, bans, labels, notes, saved selections; with undo."""

from core.workspace.decisions import FeatureDecisions, WorkspaceState
from core.workspace.log import Event, Workspace

__all__ = ["Event", "FeatureDecisions", "Workspace", "WorkspaceState"]
