"""Where language models are served: one module for each wire that they are asked over.

All but ``accounts`` and ``check`` load the libraries of models, and are for the worker alone.
"""
