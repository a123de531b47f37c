"""Does a selection train better? The same model fine-tuned on the picks of several methods."""

from core.proof.grid import ProofConfig
from core.proof.run import prove
from core.proof.store import ProofStore

__all__ = ["ProofConfig", "ProofStore", "prove"]
