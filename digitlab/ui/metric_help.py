"""What the metrics of a classifier mean: help texts with their formulas, for tooltips."""

from digitlab.evaluation.metrics import MACRO_NOTE

ACCURACY_HELP = (
    "The fraction of the test images that is classified correctly.\n\n"
    r"$$\mathrm{accuracy} = \frac{1}{n} \sum_{i=1}^{n} [\hat y_i = y_i]$$"
    "\n\n$n$: test images; $y_i$: the class of image $i$; $\\hat y_i$: its prediction."
)
CROSS_ENTROPY_HELP = (
    "Cross-entropy: confident errors count most; 0 is perfect.\n\n"
    r"$$L = -\frac{1}{n} \sum_{i=1}^{n} \ln p_i$$"
    "\n\n$n$: test images; $p_i$: the predicted probability of the class that image $i$ has."
)
PRECISION_HELP = (
    "Of the images predicted as a class, the fraction that belongs to it.\n\n"
    r"$$P = \frac{TP}{TP + FP}$$"
    "\n\n$TP$: images of the class predicted as it; $FP$: images of other classes predicted as it. "
    f"{MACRO_NOTE}"
)
RECALL_HELP = (
    "Of the images of a class, the fraction that is predicted as it.\n\n"
    r"$$R = \frac{TP}{TP + FN}$$"
    "\n\n$TP$: images of the class predicted as it; $FN$: images of the class predicted as another "
    "class. "
    f"{MACRO_NOTE}"
)
F1_HELP = (
    "The harmonic mean of precision and recall: high only if both are.\n\n"
    r"$$F_1 = \frac{2 P R}{P + R}$$"
    f"\n\n$P$: precision; $R$: recall. {MACRO_NOTE}"
)
ECE_HELP = (
    "Expected calibration error: how far confidence and accuracy lie apart on average; 0 is "
    "perfect.\n\n"
    r"$$\mathrm{ECE} = \sum_{b} \frac{n_b}{n} \, |\mathrm{acc}_b - \mathrm{conf}_b|$$"
    "\n\n$n_b$: predictions whose confidence falls into bin $b$, of $n$ in all; "
    r"$\mathrm{acc}_b$, $\mathrm{conf}_b$: their accuracy and mean confidence."
)
INFERENCE_TIME_HELP = (
    "The median time in which this machine classifies one image, alone, with LiteRT."
)
SIZE_HELP = "Size of the TFLite file that classifies."


def format_interval(low: float, high: float) -> str:
    """A 95 % confidence interval of the accuracy as text."""
    return f"95 % confidence interval: {low:.2%} to {high:.2%}."
