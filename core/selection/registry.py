"""The registry of methods: add one by writing its function and an entry in METHODS.

A method is a function of (matrix at scope and θ, checked spec, SampleInfo or None) that returns an ordered Selection.
"""

from __future__ import annotations

from functools import partial

from core.matrix.concave import SHAPES
from core.selection import coverage, gain, ranking, targets, vectors
from core.selection.clustering import by_cluster_reason, kmeans_closest, kmeans_random, kmq
from core.selection.consensus import OVER, consensus, consensus_reason
from core.selection.method import Method, Option
from core.selection.refined import hybrid, hybrid_reason, kmq_iterative, kmq_iterative_reason

SCORE = Option("score", "score column; default: the only one there is", "score")
QUALITY = Option("quality", "score column that multiplies the gains", "score", optional=True)
FIRST = Option("first", "which scores come first", "choice", "highest", ("highest", "lowest"))
REFERENCE = Option("reference", "what the model should get good at: a set of samples or another store", "reference")
VECTORS = Option("vectors", "residual, or a .npy file with one vector a sample", "vectors", "residual")
LIMIT = Option("limit", "largest cosine to an accepted sample", "number", 0.9, low=-1, high=1)
RUN = Option("run", "run of `refine`; default: the newest finished one", "run")
CLUSTERED = (
    Option("k", "clusters; 0: √N; or how to choose", "number", 0, ("silhouette", "elbow"), low=0, whole=True),
    Option("allocation", "places of a cluster", "choice", "proportional", ("proportional", "uniform")),
    VECTORS,
)
clustered = partial(
    Method, "clusters", options=CLUSTERED, needs=("vectors",), nested=False, quick=False, seeded=True
)  # a method that gives every cluster its share

METHODS: dict[str, Method] = {
    "sae-greedy": Method(
        "coverage",
        "Always the sample with the most features that no kept sample has yet.",
        coverage.greedy,
        coverage.greedy_reason,
        (QUALITY,),
        counts=True,
    ),
    "sae-gain": Method(
        "coverage",
        "As sae-greedy, but a feature that the kept ones have still counts, less each time.",
        gain.sae_gain,
        gain.sae_gain_reason,
        (
            Option("returns", "what much of a feature is worth", "choice", "power", SHAPES),
            Option("exponent", "of the returns power", "number", 0.5, low=0.01, high=1),
            Option("cap", "of the returns cap", "number", 1, low=0.01),
            Option("values", "of features", "choice", "clipped", ("clipped", "binary")),
            Option("spread", "share of its value that a feature gives its neighbours", "number", 0, low=0, high=1),
            Option("quality", "score column that multiplies the values, by rank", "score", optional=True),
        ),
        counts=True,
        quick_to=60_000,  # where samples have few of few features, as topics are, a million of them take minutes
        takes="the one that adds most, where what the kept ones have much of adds less",
    ),
    "consensus": Method(
        "coverage",
        "The samples that most variations of sae-greedy share, with θ and scope varied.",
        consensus,
        consensus_reason,
        (Option("over", "what is varied", "choice", OVER[0], OVER),),
        counts=True,
        quick=False,
        takes="the samples come first that most variations of sae-greedy pick early",
    ),
    "sae-simscale": Method(
        "coverage",
        "The samples with most features first, unless the kept ones have most of these already.",
        coverage.simscale,
        coverage.simscale_reason,
        (
            Option("tau", "largest share of a sample that may be covered already", "number", 0.8, low=0, high=1),
            Option("against", "all accepted so far, or the nearest of them", "choice", "union", ("union", "nearest")),
        ),
        counts=True,
        takes="the samples with most features come first, unless they are covered already",
    ),
    "instag": Method(
        "coverage",
        "The samples with most tags first, if they bring a new one.",
        coverage.instag,
        coverage.instag_reason,
        (Option("tags", "column of the data with tags; default: active features", "tags"),),
        takes="the samples with most tags come first, if they add one",
    ),
    "reference-guided": Method(
        "coverage",
        "Always the sample that adds most of what another data set has more of.",
        coverage.reference_guided,
        coverage.greedy_reason,
        (REFERENCE, QUALITY),
        needs=("features", "reference"),
        counts=True,
        takes="the one that adds most of what the reference has more of",
    ),
    "nearest": Method(
        "coverage",
        "What is most like a few examples, by the vectors of the model; the examples take turns.",
        targets.nearest,
        partial(targets.likeness_reason, what="cosine"),
        (REFERENCE, VECTORS),
        needs=("vectors", "reference"),
        quick=False,
        takes="among the nearest to one of the examples",
    ),
    "jaccard": Method(
        "coverage",
        "What is most like a few examples, by the values of features; the examples take turns.",
        targets.jaccard,
        partial(targets.likeness_reason, what="Jaccard similarity"),
        (REFERENCE,),
        needs=("features", "reference"),
        counts=True,
        quick=False,
        takes="among those with features most like those of one of the examples",
    ),
    "k-center": Method(
        "coverage",
        "Always the sample farthest from all kept ones.",
        vectors.k_center,
        vectors.k_center_reason,
        (VECTORS,),
        needs=("vectors",),
        quick=False,
        takes="the sample farthest from those kept before",
    ),
    "quality": Method(
        "quality",
        "The best scores first.",
        ranking.quality,
        ranking.quality_reason,
        (SCORE, FIRST),
        needs=("score",),
        takes="taken by its score",
    ),
    "repr-filter": Method(
        "quality",
        "In the order of a score or of the data, unless too near to a kept sample.",
        vectors.repr_filter,
        vectors.repr_filter_reason,
        (Option("score", "score column; default: the order of the data", "score"), FIRST, LIMIT, VECTORS),
        needs=("vectors",),
        quick=False,
        takes="taken in the order of the score, unless too near to a kept sample",
    ),
    "qdit": Method(
        "quality",
        "Always the sample that adds most to quality and to the spread of the kept ones.",
        vectors.qdit,
        vectors.qdit_reason,
        (SCORE, Option("alpha", "share of quality against coverage", "number", 0.5, low=0, high=1), VECTORS),
        needs=("score", "vectors"),
        quick=False,
        takes="quality and what it adds to the vectors' coverage together",
    ),
    "deita": Method(
        "quality",
        "Complexity times quality, the highest first, unless too near to a kept sample.",
        vectors.deita,
        vectors.deita_reason,
        (Option("complexity", "score column", "score"), Option("quality", "score column", "score"), LIMIT, VECTORS),
        needs=("score", "vectors"),
        quick=False,
        takes="complexity times quality, unless too near to a kept sample",
    ),
    "kmeans-random": clustered(
        "A share of every cluster, drawn at random.",
        kmeans_random,
        partial(by_cluster_reason, how="drawn before it"),
        takes="drawn at random from its cluster",
    ),
    "kmeans-closest": clustered(
        "A share of every cluster, those nearest to its centre.",
        kmeans_closest,
        partial(by_cluster_reason, how="nearer to its centre"),
        takes="among the nearest to the centre of its cluster",
    ),
    "kmq": clustered(
        "A share of every cluster, drawn by a score.",
        kmq,
        partial(by_cluster_reason, how="drawn by their score before it"),
        options=(SCORE, *CLUSTERED),
        needs=("score", "vectors"),
        takes="drawn from its cluster by its score",
    ),
    "longest-response": Method(
        "length",
        "The longest responses first.",
        ranking.longest_response,
        ranking.longest_response_reason,
        needs=("tokens",),
        takes="the longest responses come first",
    ),
    "longest-prompt": Method(
        "length",
        "The longest prompts first.",
        ranking.longest_prompt,
        ranking.longest_prompt_reason,
        needs=("tokens",),
        takes="the longest prompts come first",
    ),
    "random": Method(
        "baselines",
        "Drawn at random.",
        ranking.random,
        ranking.random_reason,
        needs=(),
        seeded=True,
        takes="drawn at random",
    ),
    "kmq-iterative": Method(
        "learned",
        "The samples that a run of refinement drew from clusters which taught the model most.",
        kmq_iterative,
        kmq_iterative_reason,
        (RUN,),
        needs=("run",),
        nested=False,
        quick=False,
        takes="drawn from its cluster by the run of refinement",
    ),
    "hybrid": Method(
        "learned",
        "sae-greedy inside the clusters of a run of refinement, more from those that taught the model most.",
        hybrid,
        hybrid_reason,
        (RUN, QUALITY),
        needs=("features", "run"),
        nested=False,
        counts=True,
        quick=False,
        takes="the one that adds most in its cluster",
    ),
}
