"""A network to build, as a budget: which links to trench so that every site is reached at least cost.

inputs      the files, checked together        candidates  a network made from points where none is given
costs       dated, cited cost data             graph       the network as a graph, made smaller by `reductions`
ascent      lower bounds without a solver      trees       answers without a solver
cuts        the linear model, cut by cut       answer      all of it in turn, with a proof of how good
files       what an answer writes
"""
