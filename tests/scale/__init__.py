"""Scale and storm: a hundred thousand pairs under the real flows, every call counted and held against its bound.

deployment  the light services of the simulation, full of pairs     calls   what is counted, and the weather
host        lanes of workers under virtual time                     storms  the scenarios and their bounds
"""
