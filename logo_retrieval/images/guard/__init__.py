"""The wall before any SVG renderer; `guard.py` is its door.

`tree` reads bytes into a clean tree, with the vocabulary and cleaning of `values`; `plain` waves most logos through;
`cost` walks the rest as a renderer would, with `geometry`, `style` and `filter`, and adds up a `budget`.
"""
