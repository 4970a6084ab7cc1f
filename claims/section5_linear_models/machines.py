"""The linear models behind section 5 and Table 3; every test of the section shares them.

Nothing here was chosen on a test set. The paper gives neither bandwidths nor features; what it
leaves open was searched on 10,000 of the training images, tried on others that were held out:

MNIST, pixels: K = exp(-0.02 d^2) on pixels / 255 is the authors' own snippet.

MNIST, Gabor wavelets (8 orientations, gamma for the least error of four, 10,000 held out):

    frequencies          pool  gamma  error
    0.10, 0.20, 0.30     4     1.05   0.66 %
    0.10, 0.20, 0.30     2     0.23   0.70 %
    0.15, 0.25, 0.35     4     1.07   0.59 %   taken, with gamma 1
    0.15, 0.25, 0.35     3     1.08   0.62 %

CIFAR-10, pixels / 255 (10,000 held out):

    gamma   0.0025  0.005   0.01    0.02    0.04
    error   58.0 %  54.9 %  52.3 %  52.4 %  58.0 %     0.01 taken

CIFAR-10, 400 random filters of 6x6, linear model, 10,000 for training, 5,000 held out:

    filters, threshold   no ridge  0.001   0.003   0.01    0.03    0.1     0.3     1
    patches, 0.25        36.8 %    33.8 %  32.1 %  31.5 %  32.2 %  34.0 %  35.8 %  38.7 %   taken
    patches, 1           38.0 %    37.4 %  36.3 %  34.4 %  33.1 %  33.0 %  34.1 %  36.4 %

and with 100 filters, 4,000 for training, 2,000 held out, the best of seven ridges: patches 38.9 %
(0.25) and 40.8 % (1), Gaussian filters 43.0 %. Ridge 0.01 is taken with the first.

Digits (three draws, 150 held out, n = 200): pixels 4.4 % from gamma 0.02 to 0.05, the latter taken;
wavelets of the frequencies above with pool 2, 1.6 % from gamma 1 to 4, the first taken. Six draws
of 100, 397 held out: pixels 8.9 %, wavelets 3.8 %, noise in place of wavelets 8.3 to 8.9 %.

Digits, random patches of 3x3 (three draws of 300, 300 held out; the error peaks at 37 filters, and
a ridge gains most there):

    filters  no ridge  0.001   0.01    0.03    0.1     0.3     1       3
    32       23.0 %    8.6 %   5.4 %   4.3 %   3.6 %   3.8 %   4.2 %   5.7 %
    64       7.9 %     6.0 %   4.3 %   3.8 %   3.4 %   4.0 %   4.0 %   4.2 %   taken, with 0.1
    96       4.4 %     4.2 %   3.8 %   3.7 %   3.2 %   3.6 %   3.7 %   4.0 %
    192      3.8 %     3.8 %   3.4 %   3.2 %   3.0 %   3.3 %   3.1 %   3.2 %
"""

from dataclasses import replace

from harness.linear.recipe import ConvNetRecipe, GaborBank, KernelRecipe, label_name

TRUE, RANDOM = label_name(0.0), label_name(1.0)
NOISY = 0.2

# --- At the paper's size ---------------------------------------------------------------------

MNIST = KernelRecipe(dataset="mnist", gamma=0.02, corruptions=(0.0, 1.0))
MNIST_GABOR = KernelRecipe(dataset="mnist", features=GaborBank(), gamma=1.0, precision="fp64")
"""In double precision: the smallest pivot of 60,000 digits is 1.5e-5 there (pixels' 3.3e-4), and a
try in single precision ended at 78 % of the factorisation without its error being seen.
"""
CIFAR = KernelRecipe(dataset="cifar10", gamma=0.01, corruptions=(0.0, 1.0))
RIDGE = 0.01
"""The best of 0.01 and 0.1 on 10,000 held-out images of MNIST, pixels: 2.69 % against 2.72 %
without and 2.71 %."""
MNIST_RIDGE = replace(MNIST, ridge=RIDGE, corruptions=(0.0,))
MNIST_GABOR_RIDGE = replace(MNIST_GABOR, ridge=RIDGE)

CONVNET_RIDGE = 0.01
CIFAR_CONVNET = ConvNetRecipe(
    dataset="cifar10", filters=(250, 500, 1_000, 2_000), ridges=(0.0, CONVNET_RIDGE)
)
"""On a CPU: as many filters as some 15 minutes allow, and 4 GB of features, fewer than examples.
A thousand filters on 60,000 images take 6.4 minutes of a core (from 256 filters, 1,000 images)."""
FULL_FILTERS = 32_000
CIFAR_CONVNET_FULL = ConvNetRecipe(
    dataset="cifar10", filters=(FULL_FILTERS,), ridges=(0.0, CONVNET_RIDGE), streamed=True
)

# --- On digits: 100 for training unless said -------------------------------------------------

SEEDS = tuple(range(24))
PIXELS = [
    KernelRecipe(dataset="digits", gamma=0.05, train_size=50, corruptions=(0.0, 1.0), seed=seed)
    for seed in SEEDS
]
"""Few for training, where errors are held against each other: with 100 the digits that are wrong
are so few that their draw alone left the wavelets' gain a false alarm in 800 sessions."""
MORE_PIXELS = [replace(recipe, train_size=400) for recipe in PIXELS[:3]]
"""More for training, where an error is held against a bound of its own."""
BANK = GaborBank(pool=2)
GABOR = [replace(recipe, features=BANK, gamma=1.0, corruptions=(0.0,)) for recipe in PIXELS]
NOISE = [replace(recipe, features=replace(BANK, noise_seed=0)) for recipe in GABOR]


def convnets(
    n: int, filters: tuple[int, ...], ridges: tuple[float, ...] = (0.0,), seeds: int = 3
) -> list[ConvNetRecipe]:
    """Random filters of 3x3 on n digits, which have 8x8 pixels."""
    return [
        ConvNetRecipe(
            dataset="digits",
            patch=3,
            train_size=n,
            filters=filters,
            ridges=ridges,
            precision="fp64",
            seed=seed,
        )
        for seed in SEEDS[:seeds]
    ]


WIDE, NARROW = 192, 12
"""Filters: 1,537 features for 100 examples, and 97, where the minimum-norm error peaks."""
CONVNETS = convnets(100, (NARROW, WIDE))

TYPICAL, DIGITS_RIDGE, CRUSHING_RIDGE = 64, 0.1, 1e6
"""Filters: 513 features for 300 examples, past the peak."""
RIDGED = convnets(300, (TYPICAL,), (0.0, DIGITS_RIDGE, CRUSHING_RIDGE), seeds=16)
CURVE = convnets(300, (8, 16, 24, 32, 36, 40, 48, 64, 96), (0.0, DIGITS_RIDGE), seeds=1)[0]

RIDGES = (0.0, 1e-4, 1e-3, 1e-2, 0.1, 0.3, 1.0)
NO_GAIN = {
    "pixels": replace(PIXELS[0], train_size=400, held_out=397, corruptions=(0.0,)),
    "Gabor wavelets": replace(GABOR[0], train_size=400, held_out=397),
}
MNIST_NO_GAIN = {
    "pixels": replace(MNIST, train_size=5_000, held_out=10_000, corruptions=(0.0,)),
    "Gabor wavelets": replace(MNIST_GABOR, train_size=5_000, held_out=10_000),
}
BAD = replace(PIXELS[0], train_size=400, held_out=200)
MNIST_BAD = replace(MNIST, train_size=5_000, held_out=2_500)
