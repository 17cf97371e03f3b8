"""A description with a bit of everything."""

SHOP = """\
mesh: shop
trustDomain: shop.example.org
certificates: {lifetime: 15m}
workloads:
  web:
    command: [/usr/bin/python3, web.py]
    user: 1000
    directory: app
    ports: {8000: http}
  orders:
    id: /ns/shop/sa/orders
    command: [/usr/bin/python3, orders.py]
    user: 1001
    environment: {DATABASE: database}
    ports: {8080: http}
  database:
    ports: {5432: {protocol: tcp, longLived: true}}
policy:
  - allow: {from: web, to: orders, methods: [GET], paths: [/orders/*]}
  - allow: {from: /ns/shop/*, to: database, ports: [5432]}
  - name: no tests
    deny: {from: /ns/test/*, to: database}
"""

EDGES = """\
  - allow: {from: orders, to: payments, ports: [80], methods: [POST], paths: [/v1/*]}
  - allow: {from: [orders, web], to: warehouse}
  - allow: {from: gateway, to: web}
external:
  payments:
    host: api.pay.example.org
    ports: {80: {protocol: http, tls: {port: 443}}, 443: tcp}
  warehouse:
    host: 10.20.0.5
    ports: {5432: {protocol: tcp, longLived: true}}
    private: [10.20.0.0/16]
egress: {resolvers: ["192.0.2.53", "[2001:db8::53]:5353"]}
gateway:
  listen: 0.0.0.0:8443
  routes:
    - {host: shop.example.org, path: /web/*, to: web}
    - {host: shop.example.org, path: /, to: web, port: 8000}
    - {to: web}
"""
"""What goes on behind :data:`SHOP`, whose last part is the policy: the world outside."""
