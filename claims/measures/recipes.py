"""The trainings that complexity measures see; also those of claims/beyond."""

from claims.section2_capacity.recipes import at_level, on_digits
from harness.training.protocol import paper_recipe

ANY = "a question to any measure, of which nothing is claimed"
SIZES = (64, 128, 256, 512)
LABELS = (0.0, 0.5, 1.0)
NETWORKS = [
    on_digits("mlp-1x512", at_level(corrupted), seed, train_size=n)
    for number, n in enumerate(SIZES)
    for seed in range(100 + 10 * number, 104 + 10 * number)
    for corrupted in LABELS
]
STOPPED_EARLY = [
    paper_recipe(
        "mlp-1x512",
        "digits",
        "two-groups",
        label_corruption=0.5,
        evaluation="at the end",
        epochs=20,
        seed=seed,
    )
    for seed in range(140, 148)
]
