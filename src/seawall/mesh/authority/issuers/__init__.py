"""Issuers outside of the mesh, one module each: files, HTTP, cert-manager."""
