"""Releases: conventional commits and what changed in fact make the next version of every component.

The way of the data: one reading of git's log -> what commits claim -> what the changes demand ->
a plan of versions and changelogs -> commit and tag objects -> one transaction of refs.
"""
