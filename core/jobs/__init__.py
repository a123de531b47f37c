"""Commands that take minutes, as processes of their own: one at a time, with progress, cancelled and resumed."""

from core.jobs.control import cancel, clear, resume, start
from core.jobs.records import Job, job, jobs, log

__all__ = ["Job", "cancel", "clear", "job", "jobs", "log", "resume", "start"]
