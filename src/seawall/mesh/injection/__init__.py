"""Pods of Kubernetes get a proxy: manifests and admission requests."""
