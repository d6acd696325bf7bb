"""Drills: everything that happens to a home's connection, its account, its heaters and Home Assistant itself.

`python -m drills` lists them, `python -m drills NAME` runs one, `python -m drills --all` all of them. Each runs the
integration in a real Home Assistant over the real AWS runtime against the simulator, which has a process of its own,
while commands are given all the time. `docs/reliability.md` has what they prove and what they gave.
"""
