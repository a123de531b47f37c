"""The curated file, the rejects with their reasons, the manifest, and replay of one."""

from core.export.folder import export, rejects_bytes, replay
from core.export.formats import curated_bytes
from core.export.manifest import manifest_json, spec_dict, spec_from

__all__ = ["curated_bytes", "export", "manifest_json", "rejects_bytes", "replay", "spec_dict", "spec_from"]
