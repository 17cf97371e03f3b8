"""Exit 0 when the server on this machine answers. For HEALTHCHECK, as the image has no curl."""

import os
import sys

import requests

tls_dir = os.environ.get("TLS_DIR")
url = "https://localhost:8443/healthz" if tls_dir else "http://127.0.0.1:8000/healthz"
verify = f"{tls_dir}/ca.crt" if tls_dir else True
sys.exit(0 if requests.get(url, timeout=2, verify=verify).ok else 1)
