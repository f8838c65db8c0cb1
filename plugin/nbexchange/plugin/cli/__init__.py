"""`jupyter nbexchange`: what the exchange says to the person at this notebook server.

Nothing here imports nbgrader, which takes seconds.
"""
