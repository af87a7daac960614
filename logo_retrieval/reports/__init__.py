"""Pages for people: explanations of answers, and evaluations."""
