"""Plan, apply and journal: the desired state brought about at an engine."""
