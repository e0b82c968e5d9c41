"""An engine elsewhere: the INDIGO PaaS Orchestrator, spoken to over its REST API."""
