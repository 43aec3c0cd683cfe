"""How many images of each kind the "handwriting" data set has."""

from dataclasses import dataclass


@dataclass(frozen=True)
class MixtureSpec:
    """How many images of each kind are generated.

    Attributes:
        drawn, letters: copies of each pen digit or letter.
        on_screen, scanned, photographed, thick, broken, edged, squared, poor, stretched: fraction
            of the pen digits.
        other attributes: number of images.
    """

    drawn: int
    on_screen: float
    scanned: float
    photographed: float
    thick: float
    broken: float
    edged: float
    squared: float
    poor: float
    stretched: float
    mnist_scanned: int
    mnist_on_screen: int
    letters: int
    negative_shapes: int
    signs: int
    combinations: int
    scribbles: int
    dots: int
    textures: int
    blank_pages: int
    object_photos: int
    pairs: int

    def estimate_n_generated(self, n_digits: int, n_letters: int) -> int:
        """About how many images are generated: pictures without ink are left out.

        Args:
            n_digits, n_letters: the number of pen digits and letters.
        """
        per_digit = (
            self.drawn + self.on_screen + self.scanned + self.photographed + self.thick
            + self.broken + self.edged + self.squared + self.poor + self.stretched
        )  # fmt: skip
        others = (
            self.mnist_scanned, self.mnist_on_screen, self.negative_shapes, self.signs,
            self.combinations, self.scribbles, self.dots, self.textures, self.blank_pages,
            self.object_photos, self.pairs,
        )  # fmt: skip
        return round(n_digits * per_digit) + n_letters * self.letters + sum(others)


TRAINING_MIXTURE = MixtureSpec(
    drawn=4, on_screen=1.0, scanned=1.5, photographed=0.6, thick=1.2, broken=0.5, edged=0.4,
    squared=0.5, poor=0.6, stretched=0.7, mnist_scanned=18_000, mnist_on_screen=10_000, letters=3,
    negative_shapes=5_000, signs=10_000, combinations=2_000, scribbles=3_500, dots=300,
    textures=3_000, blank_pages=3_000, object_photos=7_000, pairs=2_000,
)  # fmt: skip
VALIDATION_MIXTURE = MixtureSpec(
    drawn=1, on_screen=0.4, scanned=0.4, photographed=0.4, thick=0.3, broken=0.2, edged=0.2,
    squared=0.2, poor=0.2, stretched=0.3, mnist_scanned=500, mnist_on_screen=500, letters=1,
    negative_shapes=400, signs=400, combinations=100, scribbles=200, dots=20, textures=100,
    blank_pages=100, object_photos=200, pairs=100,
)  # fmt: skip
