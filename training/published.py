"""What Batool & Byun 2023 report, percent, and where they contradict themselves.

IEEE Access 11, doi 10.1109/ACCESS.2023.3266511. Keys are networks of the registry. The paper's
numbers are only ever printed beside what was computed here.
"""

from __future__ import annotations

from dataclasses import dataclass

CITATION = "Batool & Byun 2023, IEEE Access 11, doi 10.1109/ACCESS.2023.3266511"
PROPOSED = "efficientnet-b3"
BASELINES = ("vgg19", "xception", "resnet50", "efficientnet-b0")
ROUNDING = 0.02  # percent; the inputs of a harmonic mean and itself are rounded to 0.01


@dataclass(frozen=True)
class Reported:
    """One row of Table 5 or 6, percent; `marks` are numbers of `CONTRADICTIONS` by column."""

    accuracy: float
    precision: float
    recall: float
    f1: float
    marks: tuple[tuple[str, int], ...] = ()

    @property
    def values(self) -> dict[str, float]:
        """By the names of `metrics.SCORES`."""
        return {
            "accuracy": self.accuracy,
            "precision": self.precision,
            "recall": self.recall,
            "F1": self.f1,
        }

    @property
    def harmonic(self) -> float:
        """The F1 that precision and recall have."""
        return 2 * self.precision * self.recall / (self.precision + self.recall)

    def mark(self, column: str) -> str:
        """What stands behind a number that contradicts others (" [2]"); for an F1, computed."""
        found = [number for name, number in self.marks if name == column]
        if column == "F1" and abs(self.f1 - self.harmonic) > ROUNDING:
            found.append(2)
        return "".join(f" [{number}]" for number in sorted(set(found)))


TABLE_5 = {
    "vgg19": Reported(91.33, 83.10, 91.00, 91.84),
    "xception": Reported(93.90, 89.00, 92.10, 95.00),
    "resnet50": Reported(95.10, 91.63, 94.10, 96.90),
    "efficientnet-b0": Reported(97.50, 91.63, 97.00, 92.89),
    "efficientnet-b3": Reported(99.31, 95.62, 98.00, 99.35, marks=(("accuracy", 1),)),
}
TABLE_6 = {
    "vgg19": Reported(89.84, 91.21, 93.19, 92.19),
    "xception": Reported(92.03, 94.24, 93.67, 93.96),
    "resnet50": Reported(93.63, 95.76, 94.61, 95.18),
    "efficientnet-b0": Reported(93.90, 95.73, 95.15, 95.44),
    "efficientnet-b3": Reported(96.81, 97.27, 97.87, 97.57),
}
# Year, method and accuracy as printed; Table 8 says of all of them that they used the same images.
TABLE_8 = {
    "gao-b0": ("[62]", 2021, 95.18),
    "eca-vgg16": ("[63]", 2021, 91.10),
    "vit-b16": ("[64]", 2022, 88.20),
    "voting": ("[65]", 2022, 98.50),
    "tversky-cnn": ("[66]", 2023, 99.01),
    "efficientnet-b3": ("proposed", 2023, 99.31),
}
# Fig. 7: rows are true (normal, leukemia), columns are said.
FIGURE_7 = ((165, 6), (6, 358))
# Figs. 5 and 6, from the text: first epoch, fifth, last; percent, training and validation.
FIGURE_5 = ((1, 76.0, 72.0), (5, 92.0, 88.0), (20, 99.31, 97.7))
FIGURE_6 = ((1, 65.0, 58.0),)
# The sets that the tables are about, by the names of the catalogue.
BINARY, MULTI_CLASS = "cnmc", "all4"
TABLES = {BINARY: ("Table 5", TABLE_5), MULTI_CLASS: ("Table 6", TABLE_6)}

CONTRADICTIONS = {
    1: "Fig. 7 of the paper gives 523 of 535 right, 97.76 %. Its text says 99.31 %, which is the"
    " accuracy on the training images after 20 epochs; that of validation is 97.7 %.",
    2: "An F1 is the harmonic mean of precision and recall and lies between them. The printed one"
    " is not theirs: with 95.62 and 98.00 it is 96.80, not 99.35.",
    3: "The counts that Table 7 prints for VGG19, ResNet50 and EfficientNet-B0 do not belong to"
    " these networks (B0 is the smallest, not larger than VGG19). Counted ones stand beside them.",
    4: "The paper's dropout is 0.3, 0.5 and 0.45 in three places, its outputs are 5, 4 and 2, its"
    " optimizer is Adam and Adamax. The heads `table2` and `table7` are both here, by name.",
    5: "Its text swaps false positives and false negatives. Here leukemia is the positive class,"
    " and a false negative is a blast called normal.",
    6: "Its text gives the predictive values of equations 5 and 6 as 0.986 and 0.970. Fig. 7 gives"
    " 358/364 = 0.984 and 165/171 = 0.965. Its text counts five false positives (358/363 = 0.986,"
    " 165/170 = 0.971) where Fig. 7 leaves six.",
    7: "Its split is random, so cells of one patient stand on both sides; the rule of C-NMC itself"
    " is a split by subject. That is why `grouped` stands beside `paper` everywhere here.",
}
