"""What is wrong with the data: duplicates, broken answers, languages, content that should not be there."""

from core.session.languages import languages
from core.studies.health.duplicates import who_stays
from core.studies.health.finding import Finding, Seen, Span
from core.studies.health.registry import CHECKS, Check
from core.studies.health.run import health

__all__ = ["CHECKS", "Check", "Finding", "Seen", "Span", "health", "languages", "who_stays"]
