"""The embedded forge: merge requests over a bare git repository on disk."""

from mattone.forges.local.forge import LocalForge

__all__ = ["LocalForge"]
