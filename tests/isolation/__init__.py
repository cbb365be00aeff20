"""The isolation matrix: nobody reads, changes or learns of what is another tenant's or visitor's.

``routes`` and ``frames`` say which doors there are and which of their parameters are somebody's,
``callers`` who knocks, ``values`` with whose ids. A cell is one of each; ``cells`` counts them.
"""
