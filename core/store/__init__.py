"""The feature store: one DuckDB file, written once by extraction, read by everything else. All its SQL is here."""

from core.store.catalogue import StoreTitle, store_titles
from core.store.meta import list_stores
from core.store.reader import FeatureStore, open_store
from core.store.writer import StoreWriter

__all__ = ["FeatureStore", "StoreTitle", "StoreWriter", "list_stores", "open_store", "store_titles"]
