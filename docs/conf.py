"""Sphinx builds the handbook from Markdown (MyST)."""

import pratique

project = "Pratique"
copyright = "2026, The Pratique authors"
author = "The Pratique authors"
release = pratique.__version__

extensions = ["myst_parser"]
myst_enable_extensions = ["deflist", "colon_fence"]
myst_heading_anchors = 3
exclude_patterns = ["_build"]

html_theme = "furo"
html_title = f"Pratique {release}"
html_copy_source = False
