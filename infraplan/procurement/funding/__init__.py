"""Which projects to fund, in which year, with whose money.

inputs   the files, checked together        model    the mixed integer model
answer   solving it, whatever the size      payments exact to the cent: who pays what of each project
covers   what lacks a cent, exactly         files    what an answer writes
"""
