"""The shop's front end: takes orders by form or JSON and shows them."""

import hmac
import json
import os
from pathlib import Path
from typing import Any

import redis
import requests
from flask import Flask, Response, abort, jsonify, redirect, render_template_string, request, url_for

app = Flask(__name__)
app.config["MAX_CONTENT_LENGTH"] = 64 * 1024


def setting(name: str, default: str = "") -> str:
    """Read a setting: the content of the file $NAME_FILE, else $NAME, else the default."""
    if path := os.environ.get(f"{name}_FILE"):
        return Path(path).read_text(encoding="utf-8").strip()
    return os.environ.get(name, default)


ORDERS_URL = setting("ORDERS_URL", "http://127.0.0.1:8080").rstrip("/")
ADMIN_TOKEN = setting("ADMIN_TOKEN")  # empty: nobody may list the orders
CACHE_SECONDS = int(setting("CACHE_SECONDS", "60"))
REDIS_URL = setting("REDIS_URL")

# tls.crt, tls.key and ca.crt; unset only when everything runs on one machine's loopback.
TLS_DIR = Path(tls_dir) if (tls_dir := setting("TLS_DIR")) else None


def open_cache() -> redis.Redis | None:
    """The cache is optional: without it every request goes to the orders service."""
    if not REDIS_URL:
        return None
    options: dict[str, Any] = {"socket_timeout": 1, "socket_connect_timeout": 1}
    if TLS_DIR:
        options |= {
            "ssl_ca_certs": str(TLS_DIR / "ca.crt"),
            "ssl_certfile": str(TLS_DIR / "tls.crt"),
            "ssl_keyfile": str(TLS_DIR / "tls.key"),
        }
    return redis.Redis.from_url(REDIS_URL, **options)


cache = open_cache()

PAGE = """<!doctype html>
<html lang="en">
<title>Shop</title>
<h1>Place an order</h1>
{% if placed %}<p><em>Thank you! Your order is number {{ placed }}.</em></p>{% endif %}
<form method="post" action="{{ url_for('create_order') }}">
  <label>Item <input name="item" required></label>
  <label>Quantity <input name="quantity" type="number" value="1" min="1"></label>
  <label>E-mail <input name="email" type="email" required></label>
  <button>Order</button>
</form>
"""


def cached(order_id: int) -> dict[str, Any] | None:
    """Return the cached order, or None when it is not cached or Redis is down."""
    if cache is None:
        return None
    try:
        text = cache.get(f"shop:order:{order_id}")
    except redis.RedisError as error:
        app.logger.warning("cache read failed: %s", error)
        return None
    return json.loads(text) if text else None


def remember(order: dict[str, Any]) -> None:
    """Put the order into the cache, if there is one."""
    if cache is None:
        return
    try:
        cache.set(f"shop:order:{order['id']}", json.dumps(order), ex=CACHE_SECONDS)
    except redis.RedisError as error:
        app.logger.warning("cache write failed: %s", error)


def call_orders(method: str, path: str, **kwargs: Any) -> requests.Response:
    """Call the orders service with our certificate; answer 502 when it cannot be reached."""
    if TLS_DIR:
        kwargs["verify"] = str(TLS_DIR / "ca.crt")
        kwargs["cert"] = (str(TLS_DIR / "tls.crt"), str(TLS_DIR / "tls.key"))
    try:
        return requests.request(method, ORDERS_URL + path, timeout=5, **kwargs)
    except requests.RequestException as error:
        app.logger.error("orders service: %s", error)
        abort(502, "the orders service cannot be reached")


@app.get("/")
def index():
    return render_template_string(PAGE, placed=request.args.get("placed", type=int))


@app.post("/orders")
def create_order():
    fields = request.get_json() if request.is_json else request.form
    try:
        body = {
            "item": str(fields["item"]),
            "quantity": int(fields.get("quantity", 1)),
            "email": str(fields["email"]),
        }
    except (KeyError, TypeError, ValueError, AttributeError):
        abort(400, "item, quantity and email are needed")

    answer = call_orders("POST", "/orders", json=body)
    if answer.status_code == 400:
        abort(400, "item, quantity and email are needed")
    if answer.status_code != 201:
        abort(502, "the orders service did not take the order")
    order = answer.json()
    remember(order)
    if request.is_json:
        return jsonify(order), 201
    return redirect(url_for("index", placed=order["id"]))


@app.get("/orders/<int:order_id>")
def show_order(order_id: int):
    order = cached(order_id)
    if order is None:
        answer = call_orders("GET", f"/orders/{order_id}")
        if answer.status_code != 200:
            abort(404 if answer.status_code == 404 else 502)
        order = answer.json()
        remember(order)
    return jsonify(order)


@app.get("/admin/orders")
def list_orders():
    given = request.headers.get("X-Admin-Token", "")
    if not ADMIN_TOKEN or not hmac.compare_digest(given.encode(), ADMIN_TOKEN.encode()):
        abort(403)
    answer = call_orders("GET", "/orders")
    if answer.status_code != 200:
        abort(502)
    return jsonify(answer.json())


@app.get("/healthz")
def healthz():
    return "ok\n"


@app.get("/readyz")
def readyz():
    """Ready when the orders service answers; it is of no use to a customer before."""
    if call_orders("GET", "/healthz").status_code != 200:
        abort(503)
    return "ok\n"


@app.after_request
def harden(response: Response) -> Response:
    response.headers["Content-Security-Policy"] = "default-src 'none'; form-action 'self'; frame-ancestors 'none'"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response
