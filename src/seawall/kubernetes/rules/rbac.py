"""Rules about rbac."""
