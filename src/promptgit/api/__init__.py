"""
The library: what `import promptgit` offers, with or without a repository (docs/library.md).

It stands above `cli`, whose rooms for wiring (`wiring`, `bench`, `job`, `improving`, `checking`)
read files, build models and run them, and parse no command line: there is one implementation.
Nothing here prints, and nothing moves a branch unless it is told to `deliver`.

The values that come back are those of `core`, with a face: `values` gives them a short `repr`, and
HTML where a notebook asks for it.  They are subclasses, so that `core` knows no HTML, and that
they look the same in every notebook: a formatter registered with IPython would reach IPython
alone.
"""
