"""The feature store: one DuckDB file, written once by extraction, read by everything else. All its SQL is here."""

from core.store.meta import StoreTitle, list_stores, store_titles
from core.store.reader import FeatureStore, open_store
from core.store.writer import StoreWriter

__all__ = ["FeatureStore", "StoreTitle", "StoreWriter", "list_stores", "open_store", "store_titles"]
