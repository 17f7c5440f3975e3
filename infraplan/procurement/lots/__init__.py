"""Lots: which districts are asked for together, before bids open.

inputs     members, their figures and places, checked together    policy   limits the state sets
adjacency  who borders whom                                       problem  units to divide, and what a lot may hold
bounds     a proved least total, and which pairs cannot matter    start    a first division, grown and improved
model      the mixed integer model and its cuts                   answer   solving it for one number of lots or several
expected   what like lines pay                                    files    what an answer writes
"""
