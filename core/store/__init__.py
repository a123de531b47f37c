"""The feature store: one DuckDB file, written once by extraction, read by everything else. All its SQL is here."""

from core.store.reader import FeatureStore, list_stores, open_store
from core.store.writer import StoreWriter

__all__ = ["FeatureStore", "StoreWriter", "list_stores", "open_store"]
