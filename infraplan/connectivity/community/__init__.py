"""Beyond the school door: which Wi-Fi sites, buses, hotspots and outreach reach most students who lack broadband at home.

demand      where unreached students live: files, or made from a workspace's home gaps, child gaps and poverty
inputs      measures and points, checked together: who could serve whom, at what cost, with what E-Rate share
model       the choice as a model in PuLP          choice      solved, with a proof of how good
evaluation  what a fixed choice reaches            files       what an answer writes
"""
