"""The page of ``wbc serve``: what the verbs do, for somebody who never saw a terminal, on this machine alone.

``server`` runs it, ``guard`` decides who may ask, ``pages`` answers; ``jobs`` are what takes longer than an answer, ``checking``
is the work of most of them, ``rules`` knows which portals can be checked against, ``shown`` says it all as JSON.
"""
