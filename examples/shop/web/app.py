"""The shop's front end: takes orders by form or JSON and shows them."""

import json
import os

import redis
import requests
from flask import Flask, abort, flash, jsonify, redirect, render_template_string, request, url_for

app = Flask(__name__)
app.secret_key = os.environ.get("SECRET_KEY", "0f3b9d62c7e84a15b06d7f29e1a8c453")

ORDERS_URL = os.environ.get("ORDERS_URL", "http://orders:8080").rstrip("/")
ADMIN_TOKEN = os.environ.get("ADMIN_TOKEN", "61f0c9e4b8d24a7ea35c")
CACHE_SECONDS = int(os.environ.get("CACHE_SECONDS", "60"))
REDIS_URL = os.environ.get("REDIS_URL")

# The cache is optional: without it every request goes to the orders service.
cache = redis.Redis.from_url(REDIS_URL, socket_timeout=1) if REDIS_URL else None

PAGE = """<!doctype html>
<title>Shop</title>
<h1>Place an order</h1>
{% for message in get_flashed_messages() %}<p><em>{{ message }}</em></p>{% endfor %}
<form method="post" action="{{ url_for('create_order') }}">
  <label>Item <input name="item" required></label>
  <label>Quantity <input name="quantity" type="number" value="1" min="1"></label>
  <label>E-mail <input name="email" type="email" required></label>
  <button>Order</button>
</form>
"""


def cached(order_id):
    """Return the cached order, or None when it is not cached or Redis is down."""
    if cache is None:
        return None
    try:
        text = cache.get(f"shop:order:{order_id}")
    except redis.RedisError as error:
        app.logger.warning("cache read failed: %s", error)
        return None
    return json.loads(text) if text else None


def remember(order):
    if cache is None:
        return
    try:
        cache.setex(f"shop:order:{order['id']}", CACHE_SECONDS, json.dumps(order))
    except redis.RedisError as error:
        app.logger.warning("cache write failed: %s", error)


def call_orders(method, path, **kwargs):
    """Call the orders service; answer 502 when it cannot be reached."""
    try:
        return requests.request(method, ORDERS_URL + path, timeout=5, **kwargs)
    except requests.RequestException as error:
        app.logger.error("orders service: %s", error)
        abort(502, "the orders service cannot be reached")


@app.get("/")
def index():
    return render_template_string(PAGE)


@app.post("/orders")
def create_order():
    fields = request.get_json() if request.is_json else request.form
    try:
        body = {
            "item": fields["item"],
            "quantity": int(fields.get("quantity", 1)),
            "email": fields["email"],
        }
    except (KeyError, ValueError):
        abort(400, "item, quantity and email are needed")

    answer = call_orders("POST", "/orders", json=body)
    if answer.status_code != 201:
        abort(answer.status_code, answer.text)
    order = answer.json()
    remember(order)
    if request.is_json:
        return jsonify(order), 201
    flash(f"Thank you! Your order is number {order['id']}.")
    return redirect(url_for("index"))


@app.get("/orders/<int:order_id>")
def show_order(order_id):
    order = cached(order_id)
    if order is None:
        answer = call_orders("GET", f"/orders/{order_id}")
        if answer.status_code != 200:
            abort(answer.status_code)
        order = answer.json()
        remember(order)
    return jsonify(order)


@app.get("/admin/orders")
def list_orders():
    if request.headers.get("X-Admin-Token") != ADMIN_TOKEN:
        abort(403)
    return jsonify(call_orders("GET", "/orders").json())


@app.get("/healthz")
def healthz():
    return "ok\n"


if __name__ == "__main__":
    app.run(
        host=os.environ.get("HOST", "0.0.0.0"),
        port=int(os.environ.get("PORT", "8000")),
        debug=os.environ.get("FLASK_DEBUG") == "1",
    )
