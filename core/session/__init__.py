"""One opened store with what the command line and every page need of it."""

from core.session.session import Session, open_session, workspace_of

__all__ = ["Session", "open_session", "workspace_of"]
