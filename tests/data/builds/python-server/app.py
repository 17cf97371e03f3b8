"""Answers with the orders that it was built with."""

import json
import sqlite3
import tempfile
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

ORDERS = json.loads(Path("orders.json").read_text())


def summed() -> dict[str, int]:
    """The orders by their goods; the database is a file, as in many a program."""
    with tempfile.NamedTemporaryFile(suffix=".db") as file, sqlite3.connect(file.name) as database:
        database.execute("create table orders (goods text, number int)")
        database.executemany("insert into orders values (?, ?)", ORDERS)
        rows = database.execute("select goods, sum(number) from orders group by goods")
        return dict(rows.fetchall())


class Handler(BaseHTTPRequestHandler):
    """Knows one path."""

    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/orders" else 404)
        self.end_headers()
        self.wfile.write(json.dumps(summed()).encode())


HTTPServer(("", 8000), Handler).serve_forever()
