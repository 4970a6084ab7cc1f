"""Table 2's recipes: Inception v3 on ImageNet, each regulariser on or off. Without torch.

The paper uses "the data preprocessing and experimental setup from the TensorFlow package", and
gives no numbers.

- TF-Slim's Inception v3: weight decay 4e-5 of convolutions and dense layers, dropout 0.2 before the
  output layer, the distortions of `harness.data.photo_batches`, the auxiliary classifier at 0.4,
  a batch of 32 a worker.
- Szegedy et al. 2016, section 8: the learning rate times 0.94 every second epoch.
- Ours: synchronous SGD with momentum 0.9 (theirs was asynchronous), 8 times 32 images a step, 100
  epochs from a learning rate of 0.1, BatchNorm's averages moving by 0.01, and no label smoothing,
  which the paper does not name.

Nothing here has been trained or tuned at full size.
"""

from typing import Any

from harness.data.catalogue import dataset_spec
from harness.errors import UnknownName
from harness.models.registry import model_spec
from harness.training.recipe import Recipe, changed

MODEL, DATASET = "inception-v3", "imagenet"
RANK_BATCH = 32
RANKS = 8
EPOCHS = 100
WEIGHT_DECAY = (("convolutions", 4e-5), ("dense layers", 4e-5))
DROPOUT = 0.2
AUGMENTATION = ("random crop", "flip", "colour")

LABELS: dict[str, dict[str, Any]] = {
    "true-labels": {},
    "random-labels": {"label_corruption": 1.0},
}
REGULARIZERS: dict[str, dict[str, Any]] = {
    "augmentation": {"augmentation": AUGMENTATION},
    "weight-decay": {"weight_decay": WEIGHT_DECAY},
    "dropout": {"dropout": DROPOUT},
}
ROWS = (
    "true-labels+augmentation+weight-decay+dropout",
    "true-labels+augmentation",
    "true-labels+weight-decay",
    "true-labels",
    "random-labels+weight-decay+dropout",
    "random-labels+weight-decay",
    "random-labels",
)
"""The seven trained rows of Table 2, in its order: labels, and the regularisers that are on."""


def imagenet_recipe(row: str, **changes: Any) -> Recipe:
    """The recipe of a row, or of another combination of regularisers, with fields changed by name.

    The auxiliary classifier is on where the photographs are large enough for it. The learning
    rate's decay is counted for ImageNet's size. Raises UnknownName for a regulariser or a field.
    """
    labels, *switches = row.split("+")
    if labels not in LABELS:
        raise UnknownName("setting", labels, ROWS)
    fields: dict[str, Any] = dict(LABELS[labels])
    for switch in switches:
        if switch not in REGULARIZERS:
            raise UnknownName("regulariser", switch, REGULARIZERS)
        fields |= REGULARIZERS[switch]
    batch = RANKS * RANK_BATCH
    spec, data = model_spec(MODEL), dataset_spec(DATASET)
    side = data.shape[-1]
    recipe = Recipe(
        model=MODEL,
        dataset=DATASET,
        crop=side,
        batch_size=batch,
        rank_batch=RANK_BATCH,
        learning_rate=spec.learning_rate,
        decay=0.94,
        decay_every=2 * -(-data.train_size // batch),
        batch_norm_momentum=0.01,
        epochs=EPOCHS,
        evaluation="test every epoch",
        **fields,
    )
    crop = changes.get("crop", side)
    large = isinstance(crop, int) and crop >= spec.auxiliary_from
    if isinstance(batch := changes.get("batch_size", batch), int) and batch < RANK_BATCH:
        changes = {"rank_batch": batch, **changes}
    return changed(recipe, {"auxiliary": large, **changes})
