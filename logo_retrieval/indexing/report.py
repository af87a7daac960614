"""What an enrolment did, as values."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class EnrolmentReport:
    """What became of the drawings and names.

    Attributes:
        added: name in the index and class of each drawing that was added.
        named: class and text of each name that was added.
        new_classes: those of these classes that were not there before.
        unreadable: of each left out because it cannot be used, the path as given and "code: text".
        duplicates: path as given of one left out, and name of the drawing of the same class with the same bytes.
        overruled: a sentence for each that was added although the index has it under another class.
        unlike: name of each that resembles no other drawing of its class, and its similarity to the nearest of them.
        remarks: further sentences.
    """

    added: list[tuple[str, str]] = field(default_factory=list)
    named: list[tuple[str, str]] = field(default_factory=list)
    new_classes: list[str] = field(default_factory=list)
    unreadable: list[tuple[str, str]] = field(default_factory=list)
    duplicates: list[tuple[str, str]] = field(default_factory=list)
    overruled: list[str] = field(default_factory=list)
    unlike: list[tuple[str, float]] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    def to_dict(self) -> dict[str, object]:
        """As plain values for JSON."""
        return {
            "added": [{"item": item, "label": label} for item, label in self.added],
            "named": [{"label": label, "name": name} for label, name in self.named],
            "new_classes": list(self.new_classes),
            "unreadable": [{"path": path, "reason": reason} for path, reason in self.unreadable],
            "duplicates": [{"path": path, "item": item} for path, item in self.duplicates],
            "overruled": list(self.overruled),
            "unlike": [{"item": item, "similarity": similarity} for item, similarity in self.unlike],
            "remarks": list(self.remarks),
        }
