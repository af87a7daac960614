"""The wall before any SVG renderer; `guard.py` is its door.

`tree` reads bytes into a clean `drawing`, with the vocabulary and cleaning of `values`, and without loose `links`;
`cascade` gives it the style that `sheets` find for it, one declaration at a time by `properties`; `rewrite` says in
plain SVG what renderers do not know; `loads` counts what drawing it takes, and `caps` says how much of that is allowed.

The caps know of no renderer: they are counts and sizes that no logo comes near. What gets below them and is still too
much for a renderer is ended by the second wall, the limits of the decoder processes.
"""
