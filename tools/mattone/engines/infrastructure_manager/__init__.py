"""The embedded engine: a real Infrastructure Manager process over this host's machines.

`adapter.InfrastructureManagerEngine(workspace, host)` is the engine of one workspace folder.
"""
