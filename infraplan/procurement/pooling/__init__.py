"""Pooled purchasing: which bids to award to which members, at what cost to each, nobody worse off.

inputs   the files, checked together       policy  what the buyers decided and disclosed
bills    exact cost of an award to each member, the baseline, the three ways to file
model    the mixed integer model           answer  solving it, whatever the filing form
files    what an answer writes
"""
