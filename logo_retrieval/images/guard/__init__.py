"""The wall before any SVG renderer; `guard.py` is its door.

`tree` reads bytes into a clean tree, with the vocabulary and cleaning of `values`; `cascade` gives it the style that
`sheets` find for it, one declaration at a time by `properties`; `rewrite` says in plain SVG what renderers do not know;
`plain` waves most logos through;
`cost` walks the rest as a renderer would, with `geometry`, `style` and `filter`, and adds up a `budget`.
"""
