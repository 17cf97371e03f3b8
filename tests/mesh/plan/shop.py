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
