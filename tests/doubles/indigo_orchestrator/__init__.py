"""A double of the INDIGO PaaS Orchestrator 4.0.1: a real HTTP server with its rules, and no clouds behind.

The real one is a Java application that needs a MySQL server, an identity provider, an Infrastructure Manager and
the federation's registries; none of its builds can be installed here. So the rules were read in its sources
(https://github.com/infn-datacloud/orchestrator: the controllers, `DeploymentServiceImpl`, `ResourceServiceImpl`,
`ImServiceImpl`, `TemplateParser`) and are kept here:

ids made by the server, unknown fields refused, inputs required or refused, parameters merged by PUT, states in which
PUT, PATCH, DELETE and actions are refused, a template that is kept as sent until an update makes the server write it
anew (without metadata and types, which its exporter does not know), resources with `VirtualMachineInfo`, pages, groups
of the token, scopes, tokens that end.

What takes time there takes time here by a clock that the test moves (`Clock`). What goes wrong out there is switched
on (`Fault`).
"""
