"""mattone: a GitOps platform for TOSCA services on federated research clouds."""

__version__ = "0.1.0"
