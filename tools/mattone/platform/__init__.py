"""The repository as typed values: services, roles, deployments, providers."""
