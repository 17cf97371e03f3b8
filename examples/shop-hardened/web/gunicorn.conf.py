"""Settings of the web server. Without certificates it listens on the loopback address only."""

import os
import ssl

tls_dir = os.environ.get("TLS_DIR")
if tls_dir:
    bind = os.environ.get("LISTEN_ADDR", "0.0.0.0:8443")
    certfile = f"{tls_dir}/tls.crt"
    keyfile = f"{tls_dir}/tls.key"
else:
    bind = "127.0.0.1:8000"

workers = 2
threads = 4
control_socket_disable = True
worker_tmp_dir = "/tmp"  # the only place that can be written to


def ssl_context(config, default_ssl_context_factory):
    """Accept TLS 1.2 and newer only."""
    context = default_ssl_context_factory()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context
